import { expect, test } from "vitest";
import { parseSignal, SIGTERM } from "../../../src/netd/signal.ts";

test.each([
  ["TERM", 15],
  ["SIGTERM", 15],
  ["term", 15],
  ["sigKill", 9],
  ["9", 9],
  ["1", 1],
  ["64", 64],
  ["HUP", 1],
  ["WINCH", 28],
  [SIGTERM, 15],
])("parseSignal of '%s' is %i", (text, number) => {
  expect(parseSignal(text)).toBe(number);
});

test.each(["", "0", "65", "-9", "9.0", " 9", "1e1", "SIG", "SIGSIGTERM", "NOPE", "toString", "__proto__"])(
  "parseSignal refuses '%s'",
  (text) => {
    expect(() => parseSignal(text)).toThrowError(expect.objectContaining({ code: "API_REQUEST_INVALID" }));
  },
);
