/**
 * Packets that tell every neighbour which MAC has an IPv6 address now (RFC 4861, 4.4 and 7.2.6), or ask whether somebody has it (RFC 4862, 5.4.2).
 *
 * @module
 */
import { macBytes } from "../../address/index.ts";
import { formatIp, formatMac, parseIp } from "../netlink/index.ts";
import { formatIcmpv6, IPPROTO_ICMPV6 } from "./icmpv6.ts";
import { PAYLOAD_AT, sendFrame } from "./packet-socket.ts";

/** Who has an IPv6 address now. */
export interface NaAnnouncement {
  /** Index of the link through which the announcement leaves; it is up. */
  index: number;
  /** IPv6 address. */
  address: string;
  mac: string;
  isRouter?: boolean | undefined;
}

// RFC 4861, 4.4 and 4.6.1
const ND_NEIGHBOR_ADVERT = 136;
const FLAG_ROUTER = 0x80000000;
const FLAG_OVERRIDE = 0x20000000;
const ND_OPT_TARGET_LINKADDR = 2;
const ALL_NODES = "ff02::1";
const NOBODY = "::";
const ND_NEIGHBOR_SOLICIT = 135;
/** The solicited-node group of an address: this, and its last three bytes (RFC 4291, 2.7.1). */
const SOLICITED_NODE = Buffer.from("ff0200000000000000000001ff000000", "hex");
const OWN_BYTES = 3;
/** Where fields stand in a frame: the IPv6 header's, of 40 bytes, and those of an advertisement. */
const NEXT_HEADER_AT = PAYLOAD_AT + 6;
const TYPE_AT = PAYLOAD_AT + 40;
const TARGET_AT = TYPE_AT + 8;
const OPTION_AT = TARGET_AT + 16;
const FRAME_END = OPTION_AT + 8;
const SOURCE_MAC_AT = 6;

/** A program of the classic packet filter that lets advertisements pass and nothing else (linux/filter.h, linux/bpf_common.h). */
export const ONLY_ADVERTISEMENTS = Buffer.concat([
  instruction({ code: 0x30, value: NEXT_HEADER_AT }),
  instruction({ code: 0x15, value: IPPROTO_ICMPV6, otherwise: 3 }),
  instruction({ code: 0x30, value: TYPE_AT }),
  instruction({ code: 0x15, value: ND_NEIGHBOR_ADVERT, otherwise: 1 }),
  instruction({ code: 0x06, value: 0xffff }),
  instruction({ code: 0x06, value: 0 }),
]);

/** Build the Ethernet frame: from the address, to all nodes, overriding what they had in mind. */
export function formatUnsolicitedNa({ address, mac, isRouter = false }: Omit<NaAnnouncement, "index">): Buffer {
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE((FLAG_OVERRIDE + (isRouter ? FLAG_ROUTER : 0)) >>> 0);
  const { bytes } = parseIp(address);
  const option = Buffer.concat([Buffer.of(ND_OPT_TARGET_LINKADDR, 1), macBytes(mac)]);
  return formatIcmpv6({
    ...{ sourceMac: mac, source: address, destination: ALL_NODES },
    ...{ type: ND_NEIGHBOR_ADVERT, body: Buffer.concat([flags, bytes, option]) },
  });
}

/** Build the Ethernet frame: a question from nobody to whoever has the address. `mac` is that of the link by which it leaves. */
export function formatNsProbe({ address, mac }: Pick<NaAnnouncement, "address" | "mac">): Buffer {
  const { bytes } = parseIp(address);
  const group = Buffer.concat([SOLICITED_NODE.subarray(0, -OWN_BYTES), bytes.subarray(-OWN_BYTES)]);
  return formatIcmpv6({
    ...{ sourceMac: mac, source: NOBODY, destination: formatIp(group) },
    ...{ type: ND_NEIGHBOR_SOLICIT, body: Buffer.concat([Buffer.alloc(4), bytes]) },
  });
}

/** The MAC of whoever advertises in a frame that it has the address. */
export function answerOfNa(frame: Buffer, address: string): string | undefined {
  if (frame.length < OPTION_AT || frame[NEXT_HEADER_AT] !== IPPROTO_ICMPV6 || frame[TYPE_AT] !== ND_NEIGHBOR_ADVERT)
    return undefined;
  if (!frame.subarray(TARGET_AT, OPTION_AT).equals(parseIp(address).bytes)) return undefined;
  const hasOption = frame.length >= FRAME_END && frame[OPTION_AT] === ND_OPT_TARGET_LINKADDR;
  const macAt = hasOption ? OPTION_AT + 2 : SOURCE_MAC_AT;
  return formatMac(frame.subarray(macAt, macAt + 6));
}

/** Send the announcement in the thread's network namespace. @throws {KernelError} ENETDOWN when the link is down */
export function announceNa(announcement: NaAnnouncement): void {
  const { index, address } = announcement;
  sendFrame(
    index,
    formatUnsolicitedNa(announcement),
    () => `send a neighbour advertisement for ${address} through link ${index}`,
  );
}

/** `struct sock_filter`: code, how far to jump if equal, how far otherwise, value. */
function instruction({ code, value, otherwise = 0 }: { code: number; value: number; otherwise?: number }): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(otherwise, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
