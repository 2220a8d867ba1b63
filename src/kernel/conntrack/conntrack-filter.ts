/**
 * What entries of connection tracking are compared with, by the kernel and by us (linux/netfilter/nfnetlink_conntrack.h).
 *
 * @module
 */
import { type AttrStream, getU8, getU16be, parseAttributes, putU8, putU16be, putU32 } from "netlink/dist/structs.js";
import { AF_INET6, type Family, formatIp } from "../netlink/ip-address.ts";
import { pushNested } from "../netlink/nested.ts";

/** One comparison: of the first packet's direction, or of the answers'. What is absent is anything. */
export interface ConntrackFilter {
  direction: "original" | "reply";
  source?: Buffer;
  destination?: Buffer;
  protocol?: number;
  /** The first of `portCount`. */
  destinationPort?: number;
  /** Default 1; the kernel compares no more. */
  portCount?: number;
}

export const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, ID: 12, ZONE: 18, FILTER: 25 } as const;
const CTA_FILTER = { ORIG_FLAGS: 1, REPLY_FLAGS: 2 } as const;
const CTA_TUPLE = { IP: 1, PROTO: 2 } as const;
const CTA_IP = { V4_SRC: 1, V4_DST: 2, V6_SRC: 3, V6_DST: 4 } as const;
const CTA_PROTO = { NUM: 1, DST_PORT: 3 } as const;
/** CTA_FILTER_F_* (net/netfilter/nf_internals.h). */
const COMPARE = { IP_SRC: 1 << 0, IP_DST: 1 << 1, PROTO_NUM: 1 << 3, PROTO_DST_PORT: 1 << 5 } as const;

/** Write what makes the kernel compare. */
export function writeFilter(out: AttrStream, family: Family, filter: ConntrackFilter): void {
  const isOriginal = filter.direction === "original";
  pushNested(out, isOriginal ? CTA.TUPLE_ORIG : CTA.TUPLE_REPLY, (tuple) => writeTuple(tuple, family, filter));
  pushNested(out, CTA.FILTER, (comparison) => {
    const flags = putU32(flagsOf(filter));
    comparison.push(CTA_FILTER.ORIG_FLAGS, isOriginal ? flags : putU32(0));
    comparison.push(CTA_FILTER.REPLY_FLAGS, isOriginal ? putU32(0) : flags);
  });
}

/** Compare a CTA_TUPLE_ORIG or CTA_TUPLE_REPLY ourselves. */
export function agrees(tuple: Buffer, filter: ConntrackFilter): boolean {
  const found: Omit<ConntrackFilter, "direction" | "portCount"> = {};
  parseAttributes(tuple, (part) => {
    parseAttributes(part.data, ({ type, data }) => {
      if (part.type === CTA_TUPLE.IP && (type === CTA_IP.V4_SRC || type === CTA_IP.V6_SRC)) found.source = data;
      else if (part.type === CTA_TUPLE.IP && (type === CTA_IP.V4_DST || type === CTA_IP.V6_DST))
        found.destination = data;
      else if (part.type === CTA_TUPLE.PROTO && type === CTA_PROTO.NUM) found.protocol = getU8(data);
      else if (part.type === CTA_TUPLE.PROTO && type === CTA_PROTO.DST_PORT) found.destinationPort = getU16be(data);
    });
  });
  const { source, destination, protocol, destinationPort = 0, portCount = 1 } = filter;
  const port = (found.destinationPort ?? -1) - destinationPort;
  return (
    (source === undefined || found.source?.equals(source) === true) &&
    (destination === undefined || found.destination?.equals(destination) === true) &&
    (protocol === undefined || found.protocol === protocol) &&
    (filter.destinationPort === undefined || (port >= 0 && port < portCount))
  );
}

/** A filter in words, for errors. */
export function describeFilter(filter: ConntrackFilter): string {
  const { direction, source, destination, protocol, destinationPort } = filter;
  const words = {
    source: source === undefined ? undefined : formatIp(source),
    destination: destination === undefined ? undefined : formatIp(destination),
    protocol,
    port: destinationPort,
  };
  const given = Object.entries(words).flatMap(([word, value]) => (value === undefined ? [] : [`${word}=${value}`]));
  return [direction, ...given].join(" ");
}

function writeTuple(out: AttrStream, family: Family, filter: ConntrackFilter): void {
  const { source, destination, protocol, destinationPort } = filter;
  const [from, to] = family === AF_INET6 ? [CTA_IP.V6_SRC, CTA_IP.V6_DST] : [CTA_IP.V4_SRC, CTA_IP.V4_DST];
  pushNested(out, CTA_TUPLE.IP, (ip) => {
    if (source !== undefined) ip.push(from, source);
    if (destination !== undefined) ip.push(to, destination);
  });
  pushNested(out, CTA_TUPLE.PROTO, (proto) => {
    if (protocol !== undefined) proto.push(CTA_PROTO.NUM, putU8(protocol));
    if (destinationPort !== undefined) proto.push(CTA_PROTO.DST_PORT, putU16be(destinationPort));
  });
}

function flagsOf({ source, destination, protocol, destinationPort }: ConntrackFilter): number {
  return (
    (source === undefined ? 0 : COMPARE.IP_SRC) |
    (destination === undefined ? 0 : COMPARE.IP_DST) |
    (protocol === undefined ? 0 : COMPARE.PROTO_NUM) |
    (destinationPort === undefined ? 0 : COMPARE.PROTO_DST_PORT)
  );
}
