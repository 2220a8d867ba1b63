/**
 * ARP frames that tell every neighbour which MAC has an address now, or ask whether somebody has it (RFC 826; RFC 5227, 3 and 2.1).
 *
 * @module
 */
import { macBytes, parseIpv4 } from "../../address/index.ts";
import { formatMac } from "../netlink/index.ts";
import { BROADCAST, ETH_P_ARP, ETH_P_IP, PAYLOAD_AT, PROTOCOL_AT, sendFrame } from "./packet-socket.ts";

/** Who has an address now. */
export interface ArpAnnouncement {
  /** Index of the link through which the announcement leaves; it is up. */
  index: number;
  /** IPv4 address. */
  address: string;
  mac: string;
}

// linux/if_arp.h
const ARPHRD_ETHER = 1;
const ARPOP_REQUEST = 1;
const MAC_BYTES = 6;
const IP_BYTES = 4;
/** Where the sender's MAC and address stand in a frame, after the header of eight bytes. */
const SENDER_MAC_AT = PAYLOAD_AT + 8;
const SENDER_IP_AT = SENDER_MAC_AT + MAC_BYTES;
const SENDER_END = SENDER_IP_AT + IP_BYTES;

/** Build the Ethernet frame: a request for the address from the address itself, to everybody. */
export function formatGratuitousArp({ address, mac }: Pick<ArpAnnouncement, "address" | "mac">): Buffer {
  const ip = ipBytes(address);
  return formatRequest({ mac, senderIp: ip, targetMac: BROADCAST, targetIp: ip });
}

/** Build the Ethernet frame: a request for the address from nobody, to everybody. `mac` is that of the link by which it leaves. */
export function formatArpProbe({ address, mac }: Pick<ArpAnnouncement, "address" | "mac">): Buffer {
  const nobody = { senderIp: Buffer.alloc(IP_BYTES), targetMac: Buffer.alloc(MAC_BYTES) };
  return formatRequest({ mac, ...nobody, targetIp: ipBytes(address) });
}

/** The MAC of whoever says in a frame, in question or answer, that it has the address. */
export function answerOfArp(frame: Buffer, address: string): string | undefined {
  if (frame.length < SENDER_END || frame.readUInt16BE(PROTOCOL_AT) !== ETH_P_ARP) return undefined;
  if (!frame.subarray(SENDER_IP_AT, SENDER_END).equals(ipBytes(address))) return undefined;
  return formatMac(frame.subarray(SENDER_MAC_AT, SENDER_IP_AT));
}

interface ArpRequest {
  mac: string;
  senderIp: Buffer;
  targetMac: Buffer;
  targetIp: Buffer;
}

function formatRequest({ mac, senderIp, targetMac, targetIp }: ArpRequest): Buffer {
  const sender = macBytes(mac);
  const header = Buffer.alloc(10);
  header.writeUInt16BE(ETH_P_ARP, 0);
  header.writeUInt16BE(ARPHRD_ETHER, 2);
  header.writeUInt16BE(ETH_P_IP, 4);
  header.writeUInt8(MAC_BYTES, 6);
  header.writeUInt8(IP_BYTES, 7);
  header.writeUInt16BE(ARPOP_REQUEST, 8);
  return Buffer.concat([BROADCAST, sender, header, sender, senderIp, targetMac, targetIp]);
}

function ipBytes(address: string): Buffer {
  const ip = Buffer.alloc(IP_BYTES);
  ip.writeUInt32BE(parseIpv4(address));
  return ip;
}

/** Send the announcement in the thread's network namespace. @throws {KernelError} ENETDOWN when the link is down */
export function announceArp(announcement: ArpAnnouncement): void {
  const { index, address } = announcement;
  sendFrame(index, formatGratuitousArp(announcement), () => `send gratuitous ARP for ${address} through link ${index}`);
}
