import { expect, test } from "vitest";
import { macBytes, macOfIpv4, parseMac } from "../../../src/address/index.ts";

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
