/**
 * Replies as bytes.
 *
 * Source: RFC 1035 section 4, RFC 2308 (negative answers), RFC 6891 (EDNS).
 *
 * @module
 */
import { type Answer, encode } from "dns-packet";
import { type DnsQuery, HEADER_BYTES, questionEnd } from "./query.ts";

/** Response codes that we give (RFC 1035 section 4.1.1). */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

export type Rcode = keyof typeof RCODE;

/** What stands in a reply besides the question. */
export interface ReplyContent {
  rcode: Rcode;
  answers?: Answer[];
  /** Start of authority, for an answer of "no". */
  authorities?: Answer[];
  /** We are the authority for the name. */
  isAuthoritative?: boolean;
}

// Second pair of header bytes (RFC 1035 section 4.1.1).
const QR = 0x8000;
const AA = 0x0400;
const TC = 0x0200;
const RD = 0x0100;
const RA = 0x0080;
/** UDP payload that we take: fits any path's packets (DNS flag day 2020). */
const UDP_SIZE = 1232;
/** Largest UDP reply for clients without EDNS (RFC 1035 section 4.2.1). */
const PLAIN_UDP_SIZE = 512;
/** BADVERS is 16: its upper bits are this, its lower ones 0 (RFC 6891 section 6.1.3). */
const BADVERS_UPPER = 1;

/** Format a reply to a well-formed query; its question is repeated as it came. */
export function formatReply(query: DnsQuery, content: ReplyContent): Buffer {
  const opt = query.edns === undefined ? [] : [optRecord(0)];
  return assemble(query, content, opt);
}

/** Format the refusal of an EDNS version that we do not speak. */
export function formatBadVersion(query: DnsQuery): Buffer {
  return assemble(query, { rcode: "NOERROR" }, [optRecord(BADVERS_UPPER)]);
}

/** Format the reply to something that has at least a header; only that is repeated. */
export function formatRefusal(bytes: Buffer, rcode: Rcode): Buffer {
  const reply = Buffer.alloc(HEADER_BYTES);
  bytes.copy(reply, 0, 0, 2);
  const kept = bytes.readUInt16BE(2) & 0x7900; // opcode and RD
  reply.writeUInt16BE(QR | kept | RA | RCODE[rcode], 2);
  return reply;
}

/** Largest UDP reply that the sender of `bytes` takes. */
export function udpLimit(query: DnsQuery): number {
  return Math.min(Math.max(query.edns?.udpSize ?? PLAIN_UDP_SIZE, PLAIN_UDP_SIZE), 4096);
}

/** Cut a reply that is larger than `limit` down to its question, marked as truncated: the client asks again over TCP. */
export function truncateReply(reply: Buffer, limit: number): Buffer {
  if (reply.length <= limit) return reply;
  const end = questionEnd(reply) ?? HEADER_BYTES;
  const cut = Buffer.from(reply.subarray(0, end));
  cut.writeUInt16BE(cut.readUInt16BE(2) | TC, 2);
  cut.writeUInt16BE(end > HEADER_BYTES ? 1 : 0, 4);
  cut.fill(0, 6, HEADER_BYTES);
  return cut;
}

function assemble(query: DnsQuery, content: ReplyContent, opt: Answer[]): Buffer {
  const { rcode, answers = [], authorities = [], isAuthoritative = false } = content;
  const records = encode({ type: "response", answers, authorities, additionals: opt });
  const flags = QR | (isAuthoritative ? AA : 0) | (query.isRecursionDesired ? RD : 0) | RA | RCODE[rcode];
  const header = Buffer.from(records.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, query.question, records.subarray(HEADER_BYTES)]);
}

function optRecord(extendedRcode: number): Answer {
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize: UDP_SIZE,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } as Answer;
}
