import { expect, test } from "vitest";
import { parseImageName } from "../../../src/image/index.ts";

test.each([
  ["busybox", "busybox"],
  ["busybox:latest", "busybox"],
  ["tools/web:1.2", "tools/web:1.2"],
  ["a__b/c-d--e.f:V_1.0-x", "a__b/c-d--e.f:V_1.0-x"],
  ["localhost:5000/x:y", "localhost:5000/x:y"],
  ["registry.example.net/team/x", "registry.example.net/team/x"],
  ["host:5000/x:latest", "host:5000/x"],
])("parseImageName('%s') is '%s'", (text, expected) => {
  expect(parseImageName(text)).toBe(expected);
});

test.each([
  "",
  "..",
  "../etc",
  "a/../b",
  "/busybox",
  "busybox/",
  "a//b",
  "Busybox",
  "busy box",
  "busybox:",
  "busybox:a b",
  "busybox:.a",
  "-x",
  "x-",
  "a\0b",
  "a\n",
  "x".repeat(256),
  `x:${"t".repeat(129)}`,
  "__proto__",
])("parseImageName refuses %j", (text) => {
  expect(() => parseImageName(text)).toThrowError(
    expect.objectContaining({ code: "IMAGE_NAME_INVALID", remedy: expect.any(String) }),
  );
});
