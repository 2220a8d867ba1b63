import { describe, expect, test } from "vitest";
import { integerParser, parseCpus } from "../../../src/netctl/parse-number.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

describe("integerParser", () => {
  const parse = integerParser("--time", 0);
  test.each(["0", "10"])("reads %s", (text) => expect(parse(text)).toBe(Number(text)));
  test.each(["", "-1", "1.5", "x", "1e3", "99999999999999999999"])("refuses '%s'", (text) => {
    expect(() => parse(text)).toThrow("--time");
  });
});

describe("parseCpus", () => {
  test.each(["0.5", ".5", "2"])("reads %s", (text) => expect(parseCpus(text)).toBe(Number(text)));
  test.each(["", "0", "-1", "x", "1e1", "0.0"])("refuses '%s'", (text) =>
    expect(() => parseCpus(text)).toThrow(UsageError),
  );
});
