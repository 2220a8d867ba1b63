import { type DecodedPacket, decode, encode, type RecordType } from "dns-packet";
import { describe, expect, test } from "vitest";
import { answerQuery } from "../../../src/sandbox/internet-names.ts";

function ask(name: string, type: RecordType, transport: "udp" | "tcp" = "udp", udpPayloadSize?: number): DecodedPacket {
  const additionals =
    udpPayloadSize === undefined
      ? []
      : [{ type: "OPT" as const, name: ".", udpPayloadSize, flags: 0, extendedRcode: 0, ednsVersion: 0, options: [] }];
  const query = encode({ type: "query", id: 7, flags: 1 << 8, questions: [{ name, type }], additionals } as never);
  const answer = answerQuery(query, transport);
  if (answer === undefined) throw new Error("no answer");
  return decode(answer);
}

describe("answerQuery", () => {
  test.each([
    ["www.example.net", "A", ["203.0.113.80"]],
    ["WWW.Example.NET", "A", ["203.0.113.80"]],
    ["www.example.net", "AAAA", ["2001:db8:113::80"]],
    ["ns.example.net", "A", ["203.0.113.53"]],
    ["example.net", "NS", ["ns.example.net"]],
    ["web.example.net", "A", ["www.example.net", "203.0.113.80"]],
    ["web.example.net", "CNAME", ["www.example.net"]],
    ["80.113.0.203.in-addr.arpa", "PTR", ["www.example.net"]],
  ] as [string, RecordType, string[]][])("answers %s %s", (name, type, data) => {
    const { answers, id, flags } = ask(name, type);
    expect(answers?.map((answer) => "data" in answer && answer.data)).toEqual(data);
    expect(id).toBe(7);
    expect((flags ?? 0) & 0xf).toBe(0);
  });

  test("says that a name is not there, with the zone's SOA", () => {
    const { flags, answers, authorities } = ask("nobody.example.net", "A");
    expect((flags ?? 0) & 0xf).toBe(3);
    expect(answers).toEqual([]);
    expect(authorities).toMatchObject([{ type: "SOA", name: "example.net" }]);
  });

  test("says that a name has no record of the type", () => {
    const { flags, answers, authorities } = ask("www.example.net", "TXT");
    expect((flags ?? 0) & 0xf).toBe(0);
    expect(answers).toEqual([]);
    expect(authorities).toMatchObject([{ type: "SOA" }]);
  });

  test("truncates over UDP what fits over TCP, or with EDNS", () => {
    const short = ask("long.example.net", "TXT");
    expect(short.flag_tc).toBe(true);
    expect(short.answers).toEqual([]);
    expect(ask("long.example.net", "TXT", "tcp").answers).toHaveLength(1);
    expect(ask("long.example.net", "TXT", "udp", 4096).answers).toHaveLength(1);
  });

  test.each(["", "garbage", "\0".repeat(11)])("ignores %j", (text) => {
    expect(answerQuery(Buffer.from(text), "udp")).toBeUndefined();
  });

  test("ignores answers, so that two servers never talk to each other for ever", () => {
    expect(answerQuery(encode({ type: "response", id: 1 }), "udp")).toBeUndefined();
  });
});
