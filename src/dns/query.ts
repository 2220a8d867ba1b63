/**
 * A question as it came over the wire, or why it is none.
 *
 * Source: RFC 1035 section 4, RFC 6891 (EDNS).
 *
 * @module
 */
import { type DecodedPacket, decode, type OptAnswer } from "dns-packet";

/** One well-formed question. */
export interface DnsQuery {
  id: number;
  /** Lower case, no dot at the end; undefined when it is not plain text: such a name is none of ours. */
  name: string | undefined;
  /** The same in the letters of the client, who may check that they come back. */
  spelling: string;
  type: string;
  class: string;
  isRecursionDesired: boolean;
  /** Question section as it came: replies repeat it to the letter. */
  question: Buffer;
  /** Undefined: the client knows no EDNS. */
  edns: { version: number; udpSize: number } | undefined;
}

/** What {@link parseQuery} makes of a datagram: a query, the code of a refusal, or nothing to answer at all. */
export type ParsedQuery = { query: DnsQuery } | { refuse: "FORMERR" | "NOTIMP" } | "ignore";

export const HEADER_BYTES = 12;
/** A root name, type and class. */
const MIN_QUESTION_BYTES = 5;
/** A root name, type, class, TTL and length. */
const MIN_RECORD_BYTES = 11;

/** Parse what a client sent. Never throws, whatever the bytes are. */
export function parseQuery(bytes: Buffer): ParsedQuery {
  // A reply is never answered: two resolvers would answer each other for ever.
  if (bytes.length < HEADER_BYTES || (bytes[2]! & 0x80) !== 0) return "ignore";
  if ((bytes[2]! & 0x78) !== 0) return { refuse: "NOTIMP" };
  const questions = bytes.readUInt16BE(4);
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  const isPossible = HEADER_BYTES + questions * MIN_QUESTION_BYTES + records * MIN_RECORD_BYTES <= bytes.length;
  if (questions !== 1 || !isPossible) return { refuse: "FORMERR" };
  try {
    return { query: readQuery(bytes, decode(bytes)) };
  } catch {
    return { refuse: "FORMERR" };
  }
}

/** Find where the one question of a message ends; undefined when it is cut off or compressed. */
export function questionEnd(bytes: Buffer): number | undefined {
  let at = HEADER_BYTES;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63) return undefined;
    at += length + 1;
    if (length === 0) return at + 4 <= bytes.length ? at + 4 : undefined;
  }
}

function readQuery(bytes: Buffer, packet: DecodedPacket): DnsQuery {
  const end = questionEnd(bytes);
  const [question] = packet.questions ?? [];
  if (end === undefined || question === undefined) throw new TypeError("no question");
  const opts = (packet.additionals ?? []).filter((record): record is OptAnswer => record.type === "OPT");
  if (opts.length > 1) throw new TypeError("two OPT records");
  const [opt] = opts as (OptAnswer & { ednsVersion: number })[];
  return {
    id: bytes.readUInt16BE(0),
    name: plainName(bytes.subarray(HEADER_BYTES, end - 4), question.name),
    spelling: question.name,
    type: question.type,
    class: question.class ?? "IN",
    isRecursionDesired: (bytes[2]! & 1) !== 0,
    question: bytes.subarray(HEADER_BYTES, end),
    edns: opt === undefined ? undefined : { version: opt.ednsVersion, udpSize: opt.udpPayloadSize },
  };
}

/** Names with a dot inside a label, or bytes that are no text, look like other names once decoded: only what is the same either way counts. */
function plainName(raw: Buffer, decoded: string): string | undefined {
  if (raw.length === 1) return "";
  const labels = decoded.split(".").map((label) => Buffer.from(`\0${label}`));
  for (const label of labels) label[0] = label.length - 1;
  return Buffer.concat([...labels, Buffer.alloc(1)]).equals(raw) ? decoded.toLowerCase() : undefined;
}
