import { expect, test } from "vitest";
import { rateParser } from "../../../src/netctl/parse-rate.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

const parse = rateParser("--rate-in");

// The units of tc(8), "RATES".
test.each([
  ["10mbit", 10_000_000],
  ["1gbit", 1e9],
  ["1.5Mbit", 1_500_000],
  ["500kbps", 4_000_000],
  ["1mibit", 2 ** 20],
  ["64kibps", 64 * 1024 * 8],
  ["1000000", 1_000_000],
  ["9600bit", 9600],
  ["1000bps", 8000],
  ["none", 0],
  ["0", 0],
])("rateParser reads %s as %d bits a second", (text, rate) => expect(parse(text)).toBe(rate));

test.each(["", "10m", "10 mbit", "-1mbit", "fast", "1e6", "10mbits", "7kbit", "101gbit", "0.5bit"])(
  "rateParser refuses '%s'",
  (text) => expect(() => parse(text)).toThrowError(UsageError),
);
