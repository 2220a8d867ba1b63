import { expect, test } from "vitest";
import { parseLogOptions } from "../../../src/netctl/parse-log-options.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

test.each<[driver: string | undefined, options: string[] | undefined, spec: object | undefined]>([
  [undefined, undefined, undefined],
  ["none", undefined, { driver: "none" }],
  ["json-file", ["max-size=10m", "max-file=3"], { driver: "json-file", maxBytes: 10_000_000, maxFiles: 3 }],
  ["local", ["max-size=-1"], { driver: "local", maxBytes: 0 }],
  [undefined, ["max-size=1.5k"], { maxBytes: 1500 }],
  [undefined, ["max-size=512"], { maxBytes: 512 }],
])("parseLogOptions of driver %s and %j", (driver, options, spec) => {
  expect(parseLogOptions(driver, options)).toEqual(spec);
});

test.each<[driver: string | undefined, options: string[]]>([
  ["journald", []],
  ["", []],
  ["none", ["max-size=1m"]],
  [undefined, ["max-size=0"]],
  [undefined, ["max-size=big"]],
  [undefined, ["max-size"]],
  [undefined, ["max-file=0"]],
  [undefined, ["max-file=1.5"]],
  [undefined, ["compress=true"]],
  [undefined, ["=1"]],
])("parseLogOptions refuses driver %s and %j", (driver, options) => {
  expect(() => parseLogOptions(driver, options)).toThrow(UsageError);
});
