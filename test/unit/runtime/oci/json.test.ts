import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "../../../../src/runtime/oci/json.ts";

test.each([
  ["18446744073709551615", "18446744073709551615"],
  ["[-9223372036854775808, 1]", ["-9223372036854775808", 1]],
  ["9007199254740991", 9007199254740991],
  ["9007199254740992", "9007199254740992"],
  ["9007199254740993", "9007199254740993"],
  ['{"a":"18446744073709551615 \\" 18446744073709551615"}', { a: '18446744073709551615 " 18446744073709551615' }],
  [
    "[0.12345678901234567890, 1.5e3, 12345678901234567890.5, 12345678901234567890e2]",
    [0.12345678901234568, 1500, 12345678901234567000, 1.2345678901234568e21],
  ],
])("parseJson keeps the digits of %s", (text, value) => {
  expect(parseJson(text)).toEqual(value);
});

test("parseJson reads what JSON.parse reads", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.boolean(), (value, isIndented) => {
      const text = JSON.stringify(value, undefined, isIndented ? 2 : 0);
      // From 2^53 on, which has 16 digits itself, a number may be another one's rounding.
      const wholeNumbers = text.match(/(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g) ?? [];
      const isExact = wholeNumbers.every((digits) => Number.isSafeInteger(Number(digits)));
      if (isExact) expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test("parseJson refuses what JSON.parse refuses, in time", () => {
  for (const text of [
    "",
    "{",
    "1234567890123456 7",
    `"${"\\\\".repeat(50_000)}1234567890123456`,
    "[12345678901234567,]",
  ]) {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  }
});
