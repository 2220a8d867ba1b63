/**
 * Whole Ethernet frames, sent and received by a link (packet(7)).
 *
 * @module
 */
import { close as closeInBackground } from "node:fs";
import { check, KernelError } from "../errno.ts";
import { addressOf, bind, lastErrno, recv, sendto, setsockopt, socket } from "../libc.ts";

// bits/socket.h, linux/if_ether.h, linux/if_packet.h, asm-generic/socket.h, asm-generic/errno-base.h
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_MR_MULTICAST = 0;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const MSG_DONTWAIT = 0x40;
const EINTR = 4;
const EAGAIN = 11;
const MAC_BYTES = 6;
/** More than any frame that asks or tells who has an address. */
const RECEIVE_BYTES = 2048;
/** Where the protocol stands in a frame, after both addresses, and where what it carries begins. */
export const PROTOCOL_AT = 12;
export const PAYLOAD_AT = 14;
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;
export const BROADCAST = Buffer.alloc(MAC_BYTES, 0xff);
/** To whom IPv6 sends what is for all nodes (RFC 2464, 7). */
const ALL_NODES_MAC = Buffer.of(0x33, 0x33, 0, 0, 0, 1);

/** What a {@link PacketSocket} receives. */
export interface PacketSocketOptions {
  /** Index of the link in the thread's network namespace. */
  index: number;
  /** `ETH_P_*` of the frames that are received; default 0, none. */
  protocol?: number | undefined;
  /** Program of the classic packet filter (linux/filter.h, struct sock_filter of 8 bytes each) that frames must pass. */
  filter?: Buffer | undefined;
  /** Receive what is sent to all IPv6 nodes, though the link itself may have no IPv6; default false. */
  isForAllNodes?: boolean | undefined;
}

/** A socket of one link. Disposing closes it. */
export class PacketSocket implements Disposable {
  readonly #fd: number;
  readonly #index: number;
  readonly #buffer = Buffer.alloc(RECEIVE_BYTES);

  private constructor(fd: number, index: number) {
    this.#fd = fd;
    this.#index = index;
  }

  /** Open a socket in the thread's network namespace. @throws {KernelError} ENODEV */
  static open({ index, protocol = 0, filter, isForAllNodes = false }: PacketSocketOptions): PacketSocket {
    // Protocol 0: nothing is received before it is bound, least of all from other links.
    const fd = check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), () => "socket(AF_PACKET, SOCK_RAW, 0)");
    const opened = new PacketSocket(fd, index);
    try {
      if (filter !== undefined) opened.#filter(filter);
      if (isForAllNodes) opened.#join(ALL_NODES_MAC);
      if (protocol !== 0) {
        const from = formatSockaddrLl(index, protocol);
        check(bind(fd, from, from.length), () => `bind a packet socket to link ${index}`);
      }
      return opened;
    } catch (error) {
      opened[Symbol.dispose]();
      throw error;
    }
  }

  /** Send a frame. @throws {KernelError} ENETDOWN when the link is down */
  send(frame: Buffer, call: () => string): void {
    const to = formatSockaddrLl(this.#index, frame.readUInt16BE(PROTOCOL_AT), frame.subarray(0, MAC_BYTES));
    check(Number(sendto(this.#fd, frame, frame.length, 0, to, to.length)), call);
  }

  /** Take a frame that has arrived; undefined when there is none. It is only valid until the next call. */
  receive(): Buffer | undefined {
    for (;;) {
      const length = Number(recv(this.#fd, this.#buffer, RECEIVE_BYTES, MSG_DONTWAIT));
      if (length >= 0) return this.#buffer.subarray(0, length);
      const errno = lastErrno();
      if (errno === EAGAIN) return undefined;
      if (errno !== EINTR) throw new KernelError(`receive from link ${this.#index}`, errno);
    }
  }

  [Symbol.dispose](): void {
    // Closing a packet socket waits for an RCU grace period, some milliseconds: a thread of the pool does it.
    closeInBackground(this.#fd, () => {});
  }

  #filter(program: Buffer): void {
    // struct sock_fprog: number of instructions, padding, address.
    const argument = Buffer.alloc(16);
    argument.writeUInt16LE(program.length / 8, 0);
    argument.writeBigUInt64LE(addressOf(program), 8);
    check(
      setsockopt(this.#fd, SOL_SOCKET, SO_ATTACH_FILTER, argument, argument.length),
      () => "setsockopt(SO_ATTACH_FILTER)",
    );
  }

  #join(mac: Buffer): void {
    // struct packet_mreq: link, type, length, address of 8 bytes.
    const request = Buffer.alloc(16);
    request.writeInt32LE(this.#index, 0);
    request.writeUInt16LE(PACKET_MR_MULTICAST, 4);
    request.writeUInt16LE(mac.length, 6);
    mac.copy(request, 8);
    check(
      setsockopt(this.#fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, request.length),
      () => `setsockopt(PACKET_ADD_MEMBERSHIP, link ${this.#index})`,
    );
  }
}

/** Send a frame through a link, by its index, in the thread's network namespace. @throws {KernelError} ENETDOWN when the link is down */
export function sendFrame(index: number, frame: Buffer, call: () => string): void {
  using opened = PacketSocket.open({ index });
  opened.send(frame, call);
}

/** struct sockaddr_ll (packet(7)): family, protocol, ifindex, hatype, pkttype, halen, addr[8]. */
function formatSockaddrLl(index: number, protocol: number, to: Buffer = Buffer.alloc(MAC_BYTES)): Buffer {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(protocol, 2);
  address.writeInt32LE(index, 4);
  address.writeUInt8(MAC_BYTES, 11);
  to.copy(address, 12);
  return address;
}
