import { describe, expect, test } from "vitest";
import { answerOfArp, formatArpProbe, formatGratuitousArp } from "../../../../src/kernel/neighbour/arp.ts";
import { checksum } from "../../../../src/kernel/neighbour/icmpv6.ts";
import {
  answerOfNa,
  formatNsProbe,
  formatUnsolicitedNa,
} from "../../../../src/kernel/neighbour/neighbour-advertisement.ts";

const MAC = "02:42:ac:10:00:02";
const ADDRESS = "2001:db8::2";
const ETHERNET = 14;
const IPV6 = 40;

/** RFC 4443, 2.3: over pseudo header and message with its checksum the sum is all ones, so that its complement is 0. */
function checksumOf(frame: Buffer): number {
  const message = frame.subarray(ETHERNET + IPV6);
  const addresses = frame.subarray(ETHERNET + 8, ETHERNET + IPV6);
  return checksum(Buffer.concat([addresses, Buffer.of(0, 0, 0, message.length, 0, 0, 0, 58), message]));
}

describe("formatUnsolicitedNa", () => {
  test("formatUnsolicitedNa builds what RFC 4861, 4.4 and RFC 2464, 7 describe", () => {
    const frame = formatUnsolicitedNa({ address: ADDRESS, mac: MAC });
    expect(frame.toString("hex").replace(/^(.{108})(.{4})(.{4})/, "$1$2....")).toBe(
      [
        ...["333300000001", "0242ac100002", "86dd"],
        ...["60000000", "0020", "3a", "ff", "20010db8000000000000000000000002", "ff020000000000000000000000000001"],
        ...["8800", "....", "20000000", "20010db8000000000000000000000002", "02010242ac100002"],
      ].join(""),
    );
    expect(checksumOf(frame)).toBe(0);
    expect(formatUnsolicitedNa({ address: ADDRESS, mac: MAC, isRouter: true }).readUInt32BE(58)).toBe(0xa0000000);
  });
});

describe("formatNsProbe", () => {
  test("formatNsProbe asks the solicited-node group, from nobody and without an option", () => {
    const frame = formatNsProbe({ address: "2001:db8::12:3456", mac: MAC });
    expect(frame.subarray(0, 12).toString("hex")).toBe("3333ff1234560242ac100002");
    expect(frame.subarray(22, 38)).toEqual(Buffer.alloc(16));
    expect(frame.subarray(38, 54).toString("hex")).toBe("ff0200000000000000000001ff123456");
    expect(frame[54]).toBe(135);
    expect(frame).toHaveLength(ETHERNET + IPV6 + 24);
    expect(checksumOf(frame)).toBe(0);
  });
});

describe("answerOfNa", () => {
  const frame = formatUnsolicitedNa({ address: ADDRESS, mac: MAC });

  test("answerOfNa tells the MAC of the option, or of the sender where there is none", () => {
    expect(answerOfNa(frame, ADDRESS)).toBe(MAC);
    expect(answerOfNa(frame.subarray(0, -8), ADDRESS)).toBe(MAC);
  });

  test("answerOfNa passes over other addresses, other packets and what is cut off", () => {
    expect(answerOfNa(frame, "2001:db8::3")).toBeUndefined();
    expect(answerOfNa(formatNsProbe({ address: ADDRESS, mac: MAC }), ADDRESS)).toBeUndefined();
    for (let length = 0; length < frame.length - 8; length++)
      expect(answerOfNa(frame.subarray(0, length), ADDRESS)).toBeUndefined();
  });
});

describe("answerOfArp", () => {
  const frame = formatGratuitousArp({ address: "172.16.0.2", mac: MAC });

  test("answerOfArp tells who says that it has the address, and nobody who only asks", () => {
    expect(answerOfArp(frame, "172.16.0.2")).toBe(MAC);
    expect(answerOfArp(frame, "172.16.0.3")).toBeUndefined();
    expect(answerOfArp(formatArpProbe({ address: "172.16.0.2", mac: MAC }), "172.16.0.2")).toBeUndefined();
    for (let length = 0; length < 32; length++)
      expect(answerOfArp(frame.subarray(0, length), "172.16.0.2")).toBeUndefined();
  });
});
