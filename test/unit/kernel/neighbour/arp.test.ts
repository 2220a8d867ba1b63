import { expect, test } from "vitest";
import { formatGratuitousArp } from "../../../../src/kernel/neighbour/arp.ts";

test("formatGratuitousArp asks everybody for its own address", () => {
  const frame = formatGratuitousArp({ address: "172.16.0.2", mac: "02:42:ac:10:00:02" });
  const ethernet = "ffffffffffff" + "0242ac100002" + "0806";
  const arp = "0001" + "0800" + "06" + "04" + "0001";
  const sender = "0242ac100002" + "ac100002";
  const target = "ffffffffffff" + "ac100002";
  expect(frame.toString("hex")).toBe(ethernet + arp + sender + target);
});
