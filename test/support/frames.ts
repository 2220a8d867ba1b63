/**
 * Ethernet frames as an attacker would craft them, and a way to send them.
 *
 * @module
 */
import { resolve } from "node:path";
import { macBytes, parseIpv4, parseIpv6 } from "../../src/address/index.ts";
import type { TestSandbox } from "./sandbox.ts";

// linux/if_ether.h, linux/in.h
const ETH_P_IP = 0x0800;
const ETH_P_ARP = 0x0806;
const ETH_P_IPV6 = 0x86dd;
const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_ICMPV6 = 58;
const IPPROTO_SCTP = 132;

/** Everybody on a link. */
export const BROADCAST = "ff:ff:ff:ff:ff:ff";

/** Both ends of a frame, by MAC and by address. */
export interface FrameEnds {
  fromMac: string;
  toMac: string;
  from: string;
  to: string;
}

/** A datagram, over IPv4. */
export function udpFrame(ends: FrameEnds, ports: { from?: number; to: number }, payload = "x"): Buffer {
  const body = Buffer.from(payload);
  const header = words(ports.from ?? 40_000, ports.to, 8 + body.length, 0);
  return ipv4Frame(ends, IPPROTO_UDP, Buffer.concat([header, body]));
}

/** The first segment of a connection, over IPv4. */
export function synFrame(ends: FrameEnds, port: number): Buffer {
  const segment = Buffer.concat([words(40_000, port, 0, 1, 0, 0, 0x5002, 64_240, 0, 0)]);
  segment.writeUInt16BE(
    checksum(Buffer.concat([ipv4Bytes(ends.from), ipv4Bytes(ends.to), words(IPPROTO_TCP, 20), segment])),
    16,
  );
  return ipv4Frame(ends, IPPROTO_TCP, segment);
}

/** The first packet of an association (RFC 9260, INIT), over IPv4. */
export function sctpInitFrame(ends: FrameEnds, port: number): Buffer {
  const init = Buffer.concat([words(0x0100, 20, 0, 1, 1, 0, 1, 1, 0, 1)]);
  const packet = Buffer.concat([words(40_000, port, 0, 0, 0, 0), init]);
  packet.writeUInt32LE(crc32c(packet), 8);
  return ipv4Frame(ends, IPPROTO_SCTP, packet);
}

/** An ICMP message of one type and code, over IPv4. */
export function icmpFrame(ends: FrameEnds, type: number, code = 0, rest: Buffer = Buffer.alloc(4)): Buffer {
  const message = Buffer.concat([Buffer.of(type, code, 0, 0), rest]);
  message.writeUInt16BE(checksum(message), 2);
  return ipv4Frame(ends, IPPROTO_ICMP, message);
}

/** An ARP message to everybody that claims `from` for `senderMac`, which need not be the frame's own (RFC 826). */
export function arpFrame(operation: "request" | "reply", ends: FrameEnds & { senderMac?: string }): Buffer {
  const { fromMac, toMac, from, to, senderMac = fromMac } = ends;
  const body = Buffer.concat([
    words(1, ETH_P_IP, 0x0604, operation === "request" ? 1 : 2),
    macBytes(senderMac),
    ipv4Bytes(from),
    macBytes(toMac),
    ipv4Bytes(to),
  ]);
  return ethernet(toMac, fromMac, ETH_P_ARP, body);
}

/** A router advertisement for a prefix of 64 bits, with the sender as default router (RFC 4861, 4.2). */
export function routerAdvertisementFrame(fromMac: string, from: string, prefix: string): Buffer {
  const header = Buffer.concat([Buffer.of(64, 0), words(1800), words(0, 0, 0, 0)]);
  const option = Buffer.concat([Buffer.of(3, 4, 64, 0xc0), words(0, 3600, 0, 3600, 0, 0), ipv6Bytes(prefix)]);
  return icmp6Frame({ fromMac, toMac: "33:33:00:00:00:01", from, to: "ff02::1" }, 134, Buffer.concat([header, option]));
}

/** A neighbour advertisement to everybody: `target` is at `mac` (RFC 4861, 4.4). */
export function neighbourAdvertisementFrame(ends: FrameEnds, target: string, mac: string): Buffer {
  const body = Buffer.concat([words(0x2000, 0), ipv6Bytes(target), Buffer.of(2, 1), macBytes(mac)]);
  return icmp6Frame(ends, 136, body);
}

/** An ICMPv6 message; `body` is what follows its checksum. */
export function icmp6Frame(ends: FrameEnds, type: number, body: Buffer): Buffer {
  const message = Buffer.concat([Buffer.of(type, 0, 0, 0), body]);
  const pseudo = Buffer.concat([
    ipv6Bytes(ends.from),
    ipv6Bytes(ends.to),
    words(0, message.length, 0, IPPROTO_ICMPV6),
    message,
  ]);
  message.writeUInt16BE(checksum(pseudo), 2);
  const header = Buffer.concat([words(0x6000, 0, message.length), Buffer.of(IPPROTO_ICMPV6, 255)]);
  const packet = Buffer.concat([header, ipv6Bytes(ends.from), ipv6Bytes(ends.to), message]);
  return ethernet(ends.toMac, ends.fromMac, ETH_P_IPV6, packet);
}

/** Send frames by a link of a network namespace of the sandbox: by name, or of the host itself without one. */
export async function sendFrames(
  sandbox: TestSandbox,
  { netns, link }: { netns?: string; link: string },
  frames: readonly Buffer[],
): Promise<void> {
  const enter = netns === undefined ? [] : ["nsenter", `--net=/run/netns/${netns}`];
  const script = resolve(import.meta.dirname, "send-frames.py");
  const input = frames.map((frame) => `${frame.toString("hex")}\n`).join("");
  const [program = "", ...argv] = [...enter, "/usr/bin/python3", script, link];
  const { exitCode, stderr } = await sandbox.runWith({ input }, program, ...argv);
  if (exitCode !== 0) throw new Error(`send-frames.py exited ${exitCode}: ${stderr}`);
}

function ipv4Frame({ fromMac, toMac, from, to }: FrameEnds, protocol: number, payload: Buffer): Buffer {
  const header = Buffer.concat([
    words(0x4500, 20 + payload.length, 0, 0x4000),
    Buffer.of(64, protocol, 0, 0),
    ipv4Bytes(from),
    ipv4Bytes(to),
  ]);
  header.writeUInt16BE(checksum(header), 10);
  return ethernet(toMac, fromMac, ETH_P_IP, Buffer.concat([header, payload]));
}

function ethernet(to: string, from: string, type: number, payload: Buffer): Buffer {
  return Buffer.concat([macBytes(to), macBytes(from), words(type), payload]);
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) buffer.writeUInt16BE(value, at * 2);
  return buffer;
}

function ipv4Bytes(address: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(parseIpv4(address));
  return bytes;
}

function ipv6Bytes(address: string): Buffer {
  return Buffer.from(parseIpv6(address).toString(16).padStart(32, "0"), "hex");
}

/** The ones' complement sum of RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The checksum of SCTP (RFC 9260, appendix A). */
function crc32c(bytes: Buffer): number {
  let sum = 0xffff_ffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f6_3b78 : 0);
  }
  return ~sum >>> 0;
}
