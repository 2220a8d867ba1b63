import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addressBits,
  formatIpAddress,
  formatIpRange,
  hasAddress,
  type IpFamily,
  ipSubnet,
  isRangeOverlapping,
  isWithin,
  makeUlaPrefix,
  parseIpAddress,
  parseIpRange,
  parseIpSubnet,
  ulaSubnet,
} from "../../../src/address/index.ts";

/** A subnet of either family whose addresses are not IPv4 in IPv6's clothes. */
const subnets = fc
  .record({ family: fc.constantFrom<IpFamily>(4, 6), share: fc.nat(128), bits: fc.bigInt(0n, (1n << 125n) - 1n) })
  .map(({ family, share, bits }) => {
    const value = family === 4 ? bits & 0xffff_ffffn : bits | (1n << 125n);
    return ipSubnet({ family, value }, share % (addressBits(family) + 1));
  });

test("parseIpSubnet reads what ipSubnet writes", () => {
  fc.assert(
    fc.property(subnets, (subnet) => {
      expect(parseIpSubnet(subnet.cidr)).toEqual(subnet);
    }),
  );
});

test("parseIpRange reads what formatIpRange writes, and a subnet as its ends", () => {
  fc.assert(
    fc.property(subnets, ({ family, first, last, cidr }) => {
      const range = { family, first, last };
      expect(parseIpRange(formatIpRange(range))).toEqual(range);
      expect(parseIpRange(cidr)).toEqual(range);
      expect(isWithin(range, range) && isRangeOverlapping(range, range)).toBe(true);
    }),
  );
});

test("hasAddress includes both ends and nothing beyond", () => {
  fc.assert(
    fc.property(subnets, (subnet) => {
      const { family, first, last } = subnet;
      const has = (value: bigint) => hasAddress(subnet, { family, value });
      expect([has(first - 1n), has(first), has(last), has(last + 1n)]).toEqual([false, true, true, false]);
      expect(hasAddress(subnet, { family: family === 4 ? 6 : 4, value: first })).toBe(false);
    }),
  );
});

test.each([
  ["172.16.0.0/24", "172.16.0.0", "172.16.0.255"],
  ["10.0.0.6/31", "10.0.0.6", "10.0.0.7"],
  ["fd00:1:2::/64", "fd00:1:2::", "fd00:1:2:0:ffff:ffff:ffff:ffff"],
  ["2001:db8::8/125", "2001:db8::8", "2001:db8::f"],
  ["2001:db8::8/128", "2001:db8::8", "2001:db8::8"],
])("parseIpSubnet of %s spans %s to %s", (cidr, first, last) => {
  const subnet = parseIpSubnet(cidr);
  const text = (value: bigint) => formatIpAddress({ family: subnet.family, value });
  expect([subnet.cidr, text(subnet.first), text(subnet.last)]).toEqual([cidr, first, last]);
});

test.each([
  "",
  "10.0.0.0",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/-1",
  "10.0.0.0/8/8",
  "fd00::",
  "fd00::/129",
  "fd00::/64 ",
  "fd00::%eth0/64",
  "::ffff:0:0/96",
])("parseIpSubnet refuses '%s'", (text) => {
  expect(() => parseIpSubnet(text)).toThrowError(
    expect.objectContaining({ code: "SUBNET_INVALID", remedy: expect.any(String) }),
  );
});

test("parseIpSubnet writes a subnet in canonical form, and names the network address when host bits are set", () => {
  expect(parseIpSubnet("FD00:0:0:1::/64").cidr).toBe("fd00:0:0:1::/64");
  expect(() => parseIpSubnet("fd00::1:5/64")).toThrowError(
    expect.objectContaining({ code: "SUBNET_INVALID", remedy: "Give the network address: fd00::/64" }),
  );
});

test.each([
  ["172.16.0.10-172.16.0.20", "172.16.0.10-172.16.0.20"],
  ["172.16.0.10", "172.16.0.10"],
  ["172.16.0.10-172.16.0.10", "172.16.0.10"],
  ["172.16.0.64/26", "172.16.0.64-172.16.0.127"],
  ["FD00::a-fd00::F", "fd00::a-fd00::f"],
])("parseIpRange of %s is %s", (text, expected) => {
  expect(formatIpRange(parseIpRange(text))).toBe(expected);
});

test.each(["", "-", "10.0.0.1-", "10.0.0.9-10.0.0.1", "10.0.0.1-fd00::1", "10.0.0.1-10.0.0.2-10.0.0.3", "10.0.0.1-9"])(
  "parseIpRange refuses '%s'",
  (text) => {
    expect(() => parseIpRange(text)).toThrowError(
      expect.objectContaining({ code: "ADDRESS_INVALID", remedy: expect.any(String) }),
    );
  },
);

test("isRangeOverlapping and isWithin look at both ends and at the family", () => {
  const range = (text: string) => parseIpRange(text);
  expect(isRangeOverlapping(range("10.0.0.1-10.0.0.5"), range("10.0.0.5-10.0.0.9"))).toBe(true);
  expect(isRangeOverlapping(range("10.0.0.1-10.0.0.4"), range("10.0.0.5-10.0.0.9"))).toBe(false);
  expect(isRangeOverlapping(range("0.0.0.0/0"), range("::/1"))).toBe(false);
  expect(isWithin(range("10.0.0.2-10.0.0.3"), range("10.0.0.0/30"))).toBe(true);
  expect(isWithin(range("10.0.0.2-10.0.0.4"), range("10.0.0.0/30"))).toBe(false);
});

test("makeUlaPrefix puts five bytes behind fd, and ulaSubnet numbers its networks", () => {
  const prefix = makeUlaPrefix(Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a));
  expect(prefix.cidr).toBe("fd12:3456:789a::/48");
  expect([0, 1, 65_535].map((index) => ulaSubnet(prefix, index).cidr)).toEqual([
    "fd12:3456:789a::/64",
    "fd12:3456:789a:1::/64",
    "fd12:3456:789a:ffff::/64",
  ]);
  expect(() => ulaSubnet(prefix, 65_536)).toThrow(RangeError);
  expect(() => makeUlaPrefix(new Uint8Array(4))).toThrow(RangeError);
});

test("parseIpAddress gives family and number", () => {
  expect(parseIpAddress("0.0.1.0")).toEqual({ family: 4, value: 256n });
  expect(parseIpAddress("::1:0")).toEqual({ family: 6, value: 65_536n });
});
