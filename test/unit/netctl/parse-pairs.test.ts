import { describe, expect, test } from "vitest";
import { parseEnv, parseExtraHost, parseLabels } from "../../../src/netctl/parse-pairs.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

describe("parseEnv", () => {
  test("takes values from the environment for bare names, and leaves out what it lacks", () => {
    expect(parseEnv(["A=1", "B", "C", "D=", "E=x=y"], { B: "two" })).toEqual(["A=1", "B=two", "D=", "E=x=y"]);
  });

  test.each(["", "=x"])("refuses '%s'", (text) => expect(() => parseEnv([text], {})).toThrow(UsageError));
});

describe("parseLabels", () => {
  test("takes an empty value for a bare name; the last one wins", () => {
    expect(parseLabels(["a=1", "b", "c=x=y", "a=2"])).toEqual({ a: "2", b: "", c: "x=y" });
  });

  test("refuses an empty name", () => expect(() => parseLabels(["=x"])).toThrow(UsageError));
});

describe("parseExtraHost", () => {
  test.each([
    ["db:10.0.0.1", { name: "db", address: "10.0.0.1" }],
    ["db=10.0.0.1", { name: "db", address: "10.0.0.1" }],
    ["db:2001:db8::1", { name: "db", address: "2001:db8::1" }],
  ])("reads %s", (text, host) => expect(parseExtraHost(text)).toEqual(host));

  test.each(["", "db", "db:", ":10.0.0.1"])("refuses '%s'", (text) => {
    expect(() => parseExtraHost(text)).toThrow(UsageError);
  });
});
