import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalAddress, familyOf, formatIpv6, parseIpv6 } from "../../../src/address/index.ts";

const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });

function numberOf(list: readonly number[]): bigint {
  return list.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

test("formatIpv6 undoes parseIpv6 for every address that is not IPv4 in disguise", () => {
  fc.assert(
    fc.property(groups.map(numberOf), (value) => {
      fc.pre(value >> 32n !== 0xffffn);
      expect(parseIpv6(formatIpv6(value))).toBe(value);
    }),
  );
});

test("formatIpv6 writes what the URL parser of the WHATWG writes", () => {
  fc.assert(
    fc.property(groups, (list) => {
      const witness = new URL(`http://[${list.map((group) => group.toString(16)).join(":")}]`).hostname;
      expect(`[${formatIpv6(numberOf(list))}]`).toBe(witness);
    }),
  );
});

test.each([
  ["::", "::"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["2001:DB8::0001", "2001:db8::1"],
  ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
  ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
  ["1:2:3:4:5:6:0:8", "1:2:3:4:5:6:0:8"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
])("canonicalAddress of %s is %s", (text, expected) => {
  expect(canonicalAddress(text)).toBe(expected);
});

test.each([
  "",
  ":",
  ":::",
  "1",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "::1::",
  "1:::2",
  ":1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:",
  "12345::",
  "g::",
  "::-1",
  " ::1",
  "::1 ",
  "[::1]",
  "::1/64",
  "fe80::1%eth0",
  "::ffff:1.2.3.4",
  "::ffff:0102:0304",
  "::1.2.3.4",
  "0x1::",
])("parseIpv6 refuses '%s'", (text) => {
  expect(() => parseIpv6(text)).toThrowError(
    expect.objectContaining({ code: "ADDRESS_INVALID", remedy: expect.any(String) }),
  );
});

test("parseIpv6 says why it takes neither a zone nor a mapped address", () => {
  expect(() => parseIpv6("fe80::1%eth0")).toThrow("it has a zone");
  expect(() => parseIpv6("::ffff:a00:1")).toThrow("an IPv4 address mapped into IPv6");
});

test("familyOf tells the families apart", () => {
  expect(["10.0.0.1", "::1", "10.0.0.0/8", "fd00::/8"].map(familyOf)).toEqual([4, 6, 4, 6]);
});
