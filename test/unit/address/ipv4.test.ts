import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIpv4, isOverlapping, parseIpv4, parseSubnet } from "../../../src/address/index.ts";

test("formatIpv4 undoes parseIpv4 for every address", () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), (value) => {
      expect(parseIpv4(formatIpv4(value))).toBe(value);
    }),
  );
});

test.each([
  "",
  "1",
  "1.2.3",
  "1.2.3.4.5",
  "256.1.1.1",
  "1.2.3.04",
  "1.2.3.4 ",
  "0x1.2.3.4",
  "::1",
  "1.2.3.-4",
  "1..2.3",
])("parseIpv4 refuses '%s'", (text) => {
  expect(() => parseIpv4(text)).toThrowError(
    expect.objectContaining({ code: "ADDRESS_INVALID", remedy: expect.any(String) }),
  );
});

test.each([
  ["172.16.0.0/24", "172.16.0.0", "172.16.0.255"],
  ["0.0.0.0/0", "0.0.0.0", "255.255.255.255"],
  ["10.0.0.6/31", "10.0.0.6", "10.0.0.7"],
  ["10.0.0.7/32", "10.0.0.7", "10.0.0.7"],
])("parseSubnet of %s spans %s to %s", (cidr, first, last) => {
  const subnet = parseSubnet(cidr);
  expect([subnet.cidr, formatIpv4(subnet.first), formatIpv4(subnet.last)]).toEqual([cidr, first, last]);
});

test.each([
  "",
  "10.0.0.0",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/8/8",
  "10.0.0/8",
  "10.0.0.0/8 ",
  "::/0",
])("parseSubnet refuses '%s'", (text) => {
  expect(() => parseSubnet(text)).toThrowError(expect.objectContaining({ code: "SUBNET_INVALID" }));
});

test("parseSubnet names the network address when host bits are set", () => {
  expect(() => parseSubnet("172.16.5.9/16")).toThrowError(
    expect.objectContaining({ code: "SUBNET_INVALID", remedy: "Give the network address: 172.16.0.0/16" }),
  );
});

test.each([
  ["10.0.0.0/24", "10.0.0.128/25", true],
  ["10.0.0.128/25", "10.0.0.0/24", true],
  ["10.0.0.0/24", "10.0.1.0/24", false],
  ["0.0.0.0/0", "255.255.255.255/32", true],
])("isOverlapping of %s and %s is %s", (a, b, expected) => {
  expect(isOverlapping(parseSubnet(a), parseSubnet(b))).toBe(expected);
});
