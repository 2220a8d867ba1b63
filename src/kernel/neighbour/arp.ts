/**
 * Gratuitous ARP: one frame that tells every neighbour which MAC has an address now (RFC 826; RFC 5227, 3).
 *
 * @module
 */
import { close as closeInBackground } from "node:fs";
import { macBytes, parseIpv4 } from "../../address/index.ts";
import { check } from "../errno.ts";
import { sendto, socket } from "../libc.ts";

/** Who has an address now. */
export interface ArpAnnouncement {
  /** Index of the link through which the announcement leaves; it is up. */
  index: number;
  /** IPv4 address. */
  address: string;
  mac: string;
}

// bits/socket.h, linux/if_ether.h, linux/if_arp.h
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const ETH_P_IP = 0x0800;
const ETH_P_ARP = 0x0806;
const ARPHRD_ETHER = 1;
const ARPOP_REQUEST = 1;
const BROADCAST = Buffer.alloc(6, 0xff);

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
  const frame = formatGratuitousArp(announcement);
  // struct sockaddr_ll (packet(7)): family, protocol, ifindex, hatype, pkttype, halen, addr[8]
  const to = Buffer.alloc(20);
  to.writeUInt16LE(AF_PACKET, 0);
  to.writeUInt16BE(ETH_P_ARP, 2);
  to.writeInt32LE(announcement.index, 4);
  to.writeUInt8(BROADCAST.length, 11);
  BROADCAST.copy(to, 12);
  // Protocol 0: it sends only and receives nothing.
  const fd = check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), () => "socket(AF_PACKET, SOCK_RAW, 0)");
  try {
    check(
      Number(sendto(fd, frame, frame.length, 0, to, to.length)),
      () => `send gratuitous ARP for ${announcement.address} through link ${announcement.index}`,
    );
  } finally {
    // Closing a packet socket waits for an RCU grace period, some milliseconds: a thread of the pool does it.
    closeInBackground(fd, () => {});
  }
}
