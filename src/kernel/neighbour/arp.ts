/**
 * Gratuitous ARP: one frame that tells every neighbour which MAC has an address now (RFC 826; RFC 5227, 3).
 *
 * @module
 */
import { macBytes, parseIpv4 } from "../../address/index.ts";
import { BROADCAST, ETH_P_ARP, ETH_P_IP, sendFrame } from "./packet-socket.ts";

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

/** Build the Ethernet frame: a request for the address from the address itself, to everybody. */
export function formatGratuitousArp({ address, mac }: Pick<ArpAnnouncement, "address" | "mac">): Buffer {
  const sender = macBytes(mac);
  const ip = Buffer.alloc(4);
  ip.writeUInt32BE(parseIpv4(address));
  const header = Buffer.alloc(10);
  header.writeUInt16BE(ETH_P_ARP, 0);
  header.writeUInt16BE(ARPHRD_ETHER, 2);
  header.writeUInt16BE(ETH_P_IP, 4);
  header.writeUInt8(sender.length, 6);
  header.writeUInt8(ip.length, 7);
  header.writeUInt16BE(ARPOP_REQUEST, 8);
  return Buffer.concat([BROADCAST, sender, header, sender, ip, BROADCAST, ip]);
}

/** Send the announcement in the thread's network namespace. @throws {KernelError} ENETDOWN when the link is down */
export function announceArp(announcement: ArpAnnouncement): void {
  const { index, address } = announcement;
  sendFrame(index, formatGratuitousArp(announcement), () => `send gratuitous ARP for ${address} through link ${index}`);
}
