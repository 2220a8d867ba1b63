import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLinkTarget, parseEntryPath, quoteName } from "../../../src/image/entry-path.ts";

test.each([
  ["a/b", ["a", "b"]],
  ["./a/b/", ["a", "b"]],
  ["/etc/passwd", ["etc", "passwd"]],
  ["a//./b", ["a", "b"]],
  ["..a/b..", ["..a", "b.."]],
  [".", []],
  ["/", []],
  ["", []],
])("parseEntryPath('%s') is %j", (name, expected) => {
  expect(parseEntryPath(name)).toEqual(expected);
});

test.each(["..", "../a", "a/../b", "a/..", "/../a", "a\0b", "a\ufffdb", "x".repeat(256), "a/".repeat(2100)])(
  "parseEntryPath refuses %j",
  (name) => {
    expect(() => parseEntryPath(name)).toThrowError(expect.objectContaining({ code: "IMAGE_ARCHIVE_UNSAFE" }));
  },
);

test("parseEntryPath never gives a component that means another directory", () => {
  const name = fc
    .array(fc.constantFrom("..", ".", "/", "a", "\0", "\\", " "), { maxLength: 12 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(name, (text) => {
      let components: string[];
      try {
        components = parseEntryPath(text);
      } catch {
        return;
      }
      for (const component of components) expect(component).not.toMatch(/^\.{0,2}$|\/|\0/);
    }),
  );
});

test("checkLinkTarget takes any path and refuses what is none", () => {
  expect(checkLinkTarget("a", "../../etc/passwd")).toBe("../../etc/passwd");
  expect(() => checkLinkTarget("a", "b\0c")).toThrow("Cannot unpack entry 'a'");
  expect(() => checkLinkTarget("a", "x".repeat(5000))).toThrow("longer than 4095 bytes");
});

test("quoteName shows control characters and cuts long names", () => {
  expect(quoteName("a\n\u001b[31m'")).toBe("'a\\n\\u001b[31m''");
  expect(quoteName("x".repeat(500))).toHaveLength(123);
});
