import fc from "fast-check";
import { expect, test } from "vitest";
import { type AnswerResult, answerQuery } from "../../../src/dns/answer.ts";
import { truncateReply } from "../../../src/dns/reply.ts";
import { Zone } from "../../../src/dns/zone.ts";
import { formatQuery, readReply } from "../../support/dns-message.ts";
import { zoneDocumentOf, zoneMemberOf } from "../../support/zone-documents.ts";

const zone = [
  new Zone(
    zoneDocumentOf("lab", "172.16.0.1", {
      subnets: ["172.16.0.0/24", "fd00:1::/64"],
      domain: "Lab.example",
      members: [
        zoneMemberOf("web", ["172.16.0.2"], { aliases: ["www"] }),
        zoneMemberOf("db.main_1", ["172.16.0.3"]),
        zoneMemberOf("dual", ["172.16.0.4", "fd00:1:0::4"], { aliases: ["www"] }),
        zoneMemberOf("six", ["fd00:1::6"]),
      ],
    }),
  ),
  new Zone(
    zoneDocumentOf("other", "10.0.0.1", {
      subnets: ["10.0.0.0/24"],
      members: [zoneMemberOf("web", ["10.0.0.2"]), zoneMemberOf("far", ["10.0.0.3"])],
    }),
  ),
];

const SIX = `6.${"0.".repeat(23)}1.0.0.0.0.0.d.f.ip6.arpa`;

function replyOf(result: AnswerResult): Buffer {
  if (result === "ignore" || "forward" in result) throw new Error("no reply");
  return result.reply;
}

const ask = (name: string, type: string) => readReply(replyOf(answerQuery(formatQuery(name, type), zone)));

test.each([
  ["web", "A", ["web A 172.16.0.2"]],
  ["WeB", "A", ["WeB A 172.16.0.2"]],
  ["web.netd.internal", "A", ["web.netd.internal A 172.16.0.2"]],
  ["DB.Main_1.netd.INTERNAL", "A", ["DB.Main_1.netd.INTERNAL A 172.16.0.3"]],
  ["web", "ANY", ["web A 172.16.0.2"]],
  ["www", "A", ["www A 172.16.0.2", "www A 172.16.0.4"]],
  ["www.lab.example", "AAAA", ["www.lab.example AAAA fd00:1::4"]],
  ["dual", "A", ["dual A 172.16.0.4"]],
  ["dual", "AAAA", ["dual AAAA fd00:1::4"]],
  ["six.netd.internal", "AAAA", ["six.netd.internal AAAA fd00:1::6"]],
  ["far", "A", ["far A 10.0.0.3"]],
  ["3.0.0.10.in-addr.arpa", "PTR", ["3.0.0.10.in-addr.arpa PTR far"]],
  [SIX, "PTR", [`${SIX} PTR six`]],
  ["2.0.16.172.in-addr.arpa", "PTR", ["2.0.16.172.in-addr.arpa PTR web"]],
  ["3.0.16.172.IN-ADDR.ARPA", "PTR", ["3.0.16.172.IN-ADDR.ARPA PTR db.main_1"]],
])("answerQuery of %s %s is %j", (name, type, answers) => {
  expect(ask(name, type)).toEqual({
    id: 0x1234,
    rcode: "NOERROR",
    isAuthoritative: true,
    isTruncated: false,
    question: name,
    answers,
    authorities: [],
  });
});

test.each([
  ["web", "AAAA", "NOERROR"],
  ["web", "MX", "NOERROR"],
  ["netd.internal", "A", "NOERROR"],
  ["2.0.16.172.in-addr.arpa", "A", "NOERROR"],
  ["9.0.16.172.in-addr.arpa", "PTR", "NXDOMAIN"],
  ["nobody.netd.internal", "A", "NXDOMAIN"],
])("answerQuery of %s %s is %s with the start of authority", (name, type, rcode) => {
  expect(ask(name, type)).toMatchObject({
    rcode,
    isAuthoritative: true,
    answers: [],
    authorities: ["netd.internal SOA"],
  });
});

test.each([
  ["example.net", "A"],
  ["nobody", "A"],
  ["web.example.net", "A"],
  ["9.1.16.172.in-addr.arpa", "PTR"],
  ["0.16.172.in-addr.arpa", "PTR"],
  ["", "NS"],
])("answerQuery leaves '%s' %s to the upstreams", (name, type) => {
  expect(answerQuery(formatQuery(name, type), zone)).toHaveProperty("forward");
});

test("answerQuery does not take a label with a dot in it for a name of ours", () => {
  const query = formatQuery("db-main_1", "A");
  query[15] = ".".charCodeAt(0);
  expect(answerQuery(query, zone)).toHaveProperty("forward");
});

test.each([
  ["an unknown operation", (query: Buffer) => (query[2] = 0x28), "NOTIMP"],
  ["no question", (query: Buffer) => query.writeUInt16BE(0, 4), "FORMERR"],
  ["two questions", (query: Buffer) => query.writeUInt16BE(2, 4), "FORMERR"],
  ["records that are not there", (query: Buffer) => query.writeUInt16BE(65535, 6), "FORMERR"],
  ["a name that runs out", (query: Buffer) => (query[12] = 60), "FORMERR"],
  ["a compressed name", (query: Buffer) => query.writeUInt16BE(0xc00c, 12), "FORMERR"],
  ["class CHAOS", (query: Buffer) => query.writeUInt16BE(3, query.length - 2), "REFUSED"],
  ["a zone transfer", (query: Buffer) => query.writeUInt16BE(252, query.length - 4), "REFUSED"],
])("answerQuery of %s keeps the id and says %s", (_what, spoil, rcode) => {
  const query = formatQuery("web", "A", { id: 0xbeef });
  spoil(query);
  expect(readReply(replyOf(answerQuery(query, zone)))).toMatchObject({ id: 0xbeef, rcode, answers: [] });
});

test("answerQuery says nothing to a reply, and to less than a header", () => {
  const reply = formatQuery("web", "A");
  reply[2]! |= 0x80;
  expect(answerQuery(reply, zone)).toBe("ignore");
  expect(answerQuery(formatQuery("web", "A").subarray(0, 11), zone)).toBe("ignore");
});

test("answerQuery speaks EDNS 0 to those who do, and refuses later versions", () => {
  const query = formatQuery("web", "A", { udpSize: 4096 });
  const reply = replyOf(answerQuery(query, zone));
  expect(reply.readUInt16BE(10)).toBe(1);
  expect(replyOf(answerQuery(formatQuery("web", "A"), zone)).readUInt16BE(10)).toBe(0);
  query[query.length - 5] = 1; // version byte of the OPT record
  const refusal = replyOf(answerQuery(query, zone));
  expect(refusal[refusal.length - 6]).toBe(1); // upper bits of BADVERS
});

test("answerQuery keeps the id and never throws, whatever the bytes are", () => {
  const valid = fc.constantFrom(
    formatQuery("web", "A"),
    formatQuery("web.netd.internal", "AAAA", { udpSize: 1232 }),
    formatQuery("2.0.16.172.in-addr.arpa", "PTR"),
    formatQuery("example.net", "MX", { udpSize: 65535 }),
  );
  const mutated = fc
    .tuple(valid, fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 }), fc.nat(90))
    .map(([query, changes, length]) => {
      const copy = Buffer.from(query);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy.subarray(0, Math.max(length, 8));
    });
  const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(random, mutated), (bytes) => {
      const result = answerQuery(bytes, zone);
      if (result === "ignore") return;
      if ("forward" in result) {
        expect(result.forward.id).toBe(bytes.readUInt16BE(0));
        return;
      }
      expect(result.reply.readUInt16BE(0)).toBe(bytes.readUInt16BE(0));
      expect(result.reply[2]! & 0x80).toBe(0x80);
      readReply(result.reply);
    }),
    { numRuns: 3_000 },
  );
});

test("truncateReply keeps the question and says that it was cut", () => {
  const reply = replyOf(answerQuery(formatQuery("web", "A", { udpSize: 1232 }), zone));
  expect(truncateReply(reply, reply.length)).toBe(reply);
  const cut = truncateReply(reply, reply.length - 1);
  expect(cut.length).toBeLessThan(reply.length);
  expect(readReply(cut)).toMatchObject({ id: 0x1234, isTruncated: true, question: "web", answers: [] });
});
