/**
 * The names of the pretend internet: what its name server answers.
 *
 * @module
 */
import { type Answer, type DecodedPacket, decode, encode, type Packet, type Question } from "dns-packet";
import { INTERNET } from "./topology.ts";

const ZONE = "example.net";
const TTL_S = 300;
/** Longest answer over UDP to a client without EDNS, in bytes (RFC 1035, section 4.2.1). */
const UDP_MAX_BYTES = 512;

// RFC 1035, section 4.1.1; dns-packet names neither the codes nor their bits.
const AUTHORITATIVE = 1 << 10;
const TRUNCATED = 1 << 9;
const RECURSION_AVAILABLE = 1 << 7;
const NXDOMAIN = 3;
const NOTIMP = 4;

const { nameServer, webServer } = INTERNET;

/** Long enough that an answer does not fit into 512 bytes, so that clients must come again over TCP. */
const LONG_TEXTS = Array.from({ length: 12 }, (_, index) => `line ${index} ${"x".repeat(80)}`);

const SOA: Answer = {
  name: ZONE,
  type: "SOA",
  ttl: TTL_S,
  data: {
    mname: `ns.${ZONE}`,
    rname: `hostmaster.${ZONE}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86400,
    minimum: 60,
  },
};

const RECORDS: Answer[] = [
  SOA,
  { name: ZONE, type: "NS", ttl: TTL_S, data: `ns.${ZONE}` },
  ...addressRecords(ZONE, webServer),
  ...addressRecords(`www.${ZONE}`, webServer),
  ...addressRecords(`ns.${ZONE}`, nameServer),
  { name: `web.${ZONE}`, type: "CNAME", ttl: TTL_S, data: `www.${ZONE}` },
  { name: `long.${ZONE}`, type: "TXT", ttl: TTL_S, data: LONG_TEXTS },
  { name: reverseName(webServer.v4), type: "PTR", ttl: TTL_S, data: `www.${ZONE}` },
  { name: reverseName(nameServer.v4), type: "PTR", ttl: TTL_S, data: `ns.${ZONE}` },
];

/** Answer one query, in wire format; `undefined` for what is none. Over UDP, an answer that is too long is truncated. */
export function answerQuery(query: Buffer, transport: "udp" | "tcp"): Buffer | undefined {
  const packet = decodeQuery(query);
  if (packet === undefined) return undefined;
  const question = packet.questions?.[0];
  const answer = (flags: number, rest: Pick<Packet, "answers" | "authorities">): Buffer =>
    encode({
      type: "response",
      id: packet.id ?? 0,
      flags: AUTHORITATIVE | RECURSION_AVAILABLE | ((packet.flags ?? 0) & (1 << 8)) | flags,
      questions: packet.questions ?? [],
      ...rest,
    });
  if (question === undefined || packet.questions?.length !== 1) return answer(NOTIMP, {});
  const { code, answers } = resolve(question);
  const whole = answer(code, answers.length > 0 ? { answers } : { authorities: [SOA] });
  if (transport === "tcp" || whole.length <= udpLimit(packet)) return whole;
  return answer(code | TRUNCATED, {});
}

function resolve(question: Question): { code: number; answers: Answer[] } {
  const name = question.name.toLowerCase();
  const named = RECORDS.filter((record) => record.name === name);
  const [first] = named;
  if (first?.type === "CNAME" && question.type !== "CNAME") {
    return { code: 0, answers: [first, ...resolve({ ...question, name: first.data }).answers] };
  }
  const answers = named.filter((record) => record.type === question.type);
  return { code: named.length === 0 ? NXDOMAIN : 0, answers };
}

function decodeQuery(query: Buffer): DecodedPacket | undefined {
  try {
    const packet = decode(query);
    return packet.type === "query" ? packet : undefined;
  } catch {
    return undefined;
  }
}

function udpLimit(packet: DecodedPacket): number {
  const edns = packet.additionals?.find((record) => record.type === "OPT");
  return edns?.type === "OPT" ? Math.max(UDP_MAX_BYTES, edns.udpPayloadSize) : UDP_MAX_BYTES;
}

function addressRecords(name: string, server: { v4: string; v6: string }): Answer[] {
  return [
    { name, type: "A", ttl: TTL_S, data: server.v4 },
    { name, type: "AAAA", ttl: TTL_S, data: server.v6 },
  ];
}

function reverseName(address: string): string {
  return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
}
