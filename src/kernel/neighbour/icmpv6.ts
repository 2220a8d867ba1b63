/**
 * ICMPv6 packets of neighbour discovery, as Ethernet frames to a multicast group (RFC 8200, RFC 4443, RFC 2464).
 *
 * @module
 */
import { macBytes } from "../../address/index.ts";
import { parseIp } from "../netlink/index.ts";
import { ETH_P_IPV6 } from "./packet-socket.ts";

/** A packet to a multicast group. */
export interface Icmpv6Packet {
  sourceMac: string;
  source: string;
  /** A multicast address. */
  destination: string;
  type: number;
  /** What comes after the checksum. */
  body: Buffer;
}

/** IPv6 header's next-header number (RFC 4443, 1). */
export const IPPROTO_ICMPV6 = 58;
/** Neighbour discovery is refused with any other: it has not passed a router (RFC 4861, 3.1). */
const HOP_LIMIT = 255;

/** Build the frame. */
export function formatIcmpv6({ sourceMac, source, destination, type, body }: Icmpv6Packet): Buffer {
  const from = parseIp(source).bytes;
  const to = parseIp(destination).bytes;
  const message = Buffer.concat([Buffer.of(type, 0, 0, 0), body]);
  // RFC 8200, 8.1: source, destination, length, three zero bytes, next header.
  const pseudoHeader = Buffer.concat([from, to, Buffer.of(0, 0, 0, message.length, 0, 0, 0, IPPROTO_ICMPV6)]);
  message.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, message])), 2);
  const header = Buffer.alloc(8);
  header.writeUInt8(6 << 4, 0);
  header.writeUInt16BE(message.length, 4);
  header.writeUInt8(IPPROTO_ICMPV6, 6);
  header.writeUInt8(HOP_LIMIT, 7);
  const protocol = Buffer.alloc(2);
  protocol.writeUInt16BE(ETH_P_IPV6);
  // RFC 2464, 7: the group's last four bytes after 33:33.
  const toMac = Buffer.concat([Buffer.of(0x33, 0x33), to.subarray(12)]);
  return Buffer.concat([toMac, macBytes(sourceMac), protocol, header, from, to, message]);
}

/** The Internet checksum (RFC 1071) of an even number of bytes. */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
