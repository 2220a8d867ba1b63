import { expect, test } from "vitest";
import { macBytes, macOfAddress, macOfIpv4, parseMac, parseMacPrefix } from "../../../src/address/index.ts";

test.each([
  ["02:42:ac:10:00:02", "02:42:ac:10:00:02"],
  ["02-42-AC-10-00-02", "02:42:ac:10:00:02"],
])("parseMac('%s') is %s", (text, expected) => {
  expect(parseMac(text)).toBe(expected);
});

test.each([
  "",
  "02:42:ac:10:00",
  "02:42:ac:10:00:02:03",
  "01:00:5e:00:00:01",
  "ff:ff:ff:ff:ff:ff",
  "00:00:00:00:00:00",
  "02:42:ac:10:00:zz",
  "0242ac100002",
])("parseMac refuses '%s'", (text) => {
  expect(() => parseMac(text)).toThrowError(expect.objectContaining({ code: "MAC_INVALID" }));
});

test("macOfIpv4 puts the four bytes behind 02:42", () => {
  expect(macOfIpv4("172.16.0.2")).toBe("02:42:ac:10:00:02");
  expect(macOfIpv4("255.0.10.9")).toBe("02:42:ff:00:0a:09");
});

test("macBytes gives the six bytes in order", () => {
  expect([...macBytes("02:42:ac:10:00:ff")]).toEqual([2, 0x42, 0xac, 0x10, 0, 255]);
});

test.each([
  ["172.16.0.2", "02:42", "02:42:ac:10:00:02"],
  ["172.16.0.2", "52:54:00", "52:54:00:10:00:02"],
  ["172.16.0.2", "02", "02:00:ac:10:00:02"],
  ["172.16.0.2", "0a:0b:0c:0d:0e", "0a:0b:0c:0d:0e:02"],
  ["fd00::1:2", "02:42", "02:42:00:01:00:02"],
  ["fd00::1:2:3:4", "02", "02:02:00:03:00:04"],
])("macOfAddress of %s behind %s is %s", (address, prefix, expected) => {
  expect(macOfAddress(address, prefix)).toBe(expected);
});

test.each([
  ["02", "02"],
  ["02-42-AC", "02:42:ac"],
  ["0a:0b:0c:0d:0e", "0a:0b:0c:0d:0e"],
])("parseMacPrefix('%s') is %s", (text, expected) => {
  expect(parseMacPrefix(text)).toBe(expected);
});

test.each(["", "2", "02:", "02:4", "01:42", "02:42:ac:10:00:02", "zz", "0242"])(
  "parseMacPrefix refuses '%s'",
  (text) => {
    expect(() => parseMacPrefix(text)).toThrowError(expect.objectContaining({ code: "MAC_INVALID" }));
  },
);
