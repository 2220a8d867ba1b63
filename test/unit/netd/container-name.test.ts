import fc from "fast-check";
import { expect, test } from "vitest";
import { checkContainerName, makeContainerId, makeContainerName } from "../../../src/netd/container-name.ts";

test.each(["a", "0", "web", "web-1", "web_1", "web.1", "a..b", "a".repeat(63)])(
  "checkContainerName takes '%s'",
  (name) => {
    expect(checkContainerName(name)).toBe(name);
  },
);

test.each([
  "",
  ".",
  "..",
  "-web",
  "_web",
  ".web",
  "Web",
  "wéb",
  "web/1",
  "../web",
  "web 1",
  "web\n",
  "web\0",
  "a\nb",
  "$(id)",
  "a".repeat(64),
])("checkContainerName refuses %j", (name) => {
  expect(() => checkContainerName(name)).toThrowError(
    expect.objectContaining({ code: "CONTAINER_NAME_INVALID", remedy: expect.any(String) }),
  );
});

test("checkContainerName lets through only what is safe in a path, a shell and a DNS label", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z0-9_.-]{1,70}$/)), (name) => {
      let isAccepted = true;
      try {
        checkContainerName(name);
      } catch {
        isAccepted = false;
      }
      if (isAccepted) {
        expect(name).not.toMatch(/[^a-z0-9_.-]/);
        expect(name).not.toMatch(/^[._-]/);
        expect(name.length).toBeLessThanOrEqual(63);
      }
    }),
  );
});

test("makeContainerName makes names that checkContainerName takes and that are not taken", () => {
  const taken = new Set<string>();
  // More than there are pairs of words, so that the last ones need digits.
  for (let count = 0; count < 1300; count++) {
    const name = makeContainerName((known) => taken.has(known));
    expect(taken.has(checkContainerName(name))).toBe(false);
    taken.add(name);
  }
});

test("makeContainerId makes 64 hexadecimal digits, never twice the same", () => {
  const ids = Array.from({ length: 100 }, makeContainerId);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(ids).size).toBe(100);
});
