/**
 * Whole Ethernet frames, sent and received by a link (packet(7)).
 *
 * @module
 */
import { close as closeInBackground } from "node:fs";
import { check } from "../errno.ts";
import { sendto, socket } from "../libc.ts";

// bits/socket.h, linux/if_ether.h
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const MAC_BYTES = 6;
/** Where the protocol stands in a frame, after both addresses. */
export const PROTOCOL_AT = 12;
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;
export const BROADCAST = Buffer.alloc(MAC_BYTES, 0xff);

/** Send a frame through a link, by its index, in the thread's network namespace. @throws {KernelError} ENETDOWN when the link is down */
export function sendFrame(index: number, frame: Buffer, call: () => string): void {
  // Protocol 0: it sends only and receives nothing.
  const fd = check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), () => "socket(AF_PACKET, SOCK_RAW, 0)");
  try {
    const to = formatSockaddrLl(index, frame);
    check(Number(sendto(fd, frame, frame.length, 0, to, to.length)), call);
  } finally {
    // Closing a packet socket waits for an RCU grace period, some milliseconds: a thread of the pool does it.
    closeInBackground(fd, () => {});
  }
}

/** struct sockaddr_ll (packet(7)): family, protocol, ifindex, hatype, pkttype, halen, addr[8]. */
function formatSockaddrLl(index: number, frame: Buffer): Buffer {
  const to = Buffer.alloc(20);
  to.writeUInt16LE(AF_PACKET, 0);
  to.writeUInt16BE(frame.readUInt16BE(PROTOCOL_AT), 2);
  to.writeInt32LE(index, 4);
  to.writeUInt8(MAC_BYTES, 11);
  frame.copy(to, 12, 0, MAC_BYTES);
  return to;
}
