import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broadcastOf, formatIp, parseIp, parseIpPrefix } from "../../../../src/kernel/index.ts";

describe("parseIp", () => {
  test("parseIp takes exactly what node:net takes for an address, zones apart", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        fc.pre(!text.includes("%") && !text.includes("\0"));
        const isAccepted = isAcceptedBy(() => parseIp(text));
        expect(isAccepted).toBe(isIP(text) !== 0);
      }),
    );
  });

  test("parseIp and formatIp undo each other", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const { bytes } = parseIp(text);
        expect(parseIp(formatIp(bytes)).bytes).toEqual(bytes);
      }),
    );
  });
});

describe("formatIp", () => {
  test("formatIp writes IPv6 in its shortest form", () => {
    expect(formatIp(parseIp("2001:0DB8:0:0:0:0:0:1").bytes)).toBe("2001:db8::1");
  });
});

describe("parseIpPrefix", () => {
  test("parseIpPrefix takes an address alone for one host", () => {
    expect([parseIpPrefix("10.0.0.1").length, parseIpPrefix("::1").length]).toEqual([32, 128]);
  });

  test.each(["10.0.0.1/33", "::1/129", "10.0.0.1/", "10.0.0.1/-1", "10.0.0.1/8/8", "10.0.0.1/x", "/8", ""])(
    "parseIpPrefix refuses %j",
    (text) => {
      expect(() => parseIpPrefix(text)).toThrow(expect.objectContaining({ code: "ADDRESS_INVALID" }));
    },
  );
});

describe("broadcastOf", () => {
  test.each([
    ["172.16.0.2/24", "172.16.0.255"],
    ["172.16.0.2/12", "172.31.255.255"],
    ["1.2.3.4/0", "255.255.255.255"],
    ["10.0.0.1/30", "10.0.0.3"],
    ["10.0.0.1/31", undefined],
    ["10.0.0.1/32", undefined],
    ["2001:db8::1/64", undefined],
  ])("broadcastOf %s is %s", (prefix, wanted) => {
    const broadcast = broadcastOf(parseIpPrefix(prefix));
    expect(broadcast === undefined ? undefined : formatIp(broadcast)).toBe(wanted);
  });
});

function isAcceptedBy(fn: () => unknown): boolean {
  try {
    fn();
    return true;
  } catch {
    return false;
  }
}
