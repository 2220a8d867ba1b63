import { expect, test } from "vitest";
import { isReplyTo } from "../../../src/dns/exchange.ts";
import { formatQuery } from "../../support/dns-message.ts";

const query = formatQuery("example.net", "A");

function reply(change: (bytes: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.from(query);
  bytes[2]! |= 0x80;
  change(bytes);
  return bytes;
}

test("isReplyTo takes the reply to the question, in any letter case, and an empty refusal", () => {
  expect(isReplyTo(reply(), query)).toBe(true);
  expect(
    isReplyTo(
      reply((bytes) => bytes.write("EXAMPLE", 13)),
      query,
    ),
  ).toBe(true);
  const refusal = reply((bytes) => {
    bytes.writeUInt16BE(0, 4);
    bytes[3]! |= 5;
  });
  expect(isReplyTo(refusal.subarray(0, 12), query)).toBe(true);
});

test.each<[string, (bytes: Buffer) => void]>([
  ["another id", (bytes) => bytes.writeUInt16BE(1, 0)],
  ["the query itself", (bytes) => (bytes[2]! &= 0x7f)],
  ["another name", (bytes) => bytes.write("f", 13)],
  ["another type", (bytes) => bytes.writeUInt16BE(28, bytes.length - 4)],
  ["another class", (bytes) => bytes.writeUInt16BE(3, bytes.length - 2)],
  ["two questions", (bytes) => bytes.writeUInt16BE(2, 4)],
  ["an empty success", (bytes) => bytes.writeUInt16BE(0, 4)],
])("isReplyTo refuses %s", (_what, change) => {
  expect(isReplyTo(reply(change), query)).toBe(false);
});

test("isReplyTo refuses what is cut off", () => {
  for (let length = 0; length < query.length; length += 1)
    expect(isReplyTo(reply().subarray(0, length), query)).toBe(false);
});
