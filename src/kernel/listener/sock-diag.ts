/**
 * Sockets that wait for somebody, as the kernel lists them (sock_diag(7), linux/inet_diag.h). The kernel sorts out what is not asked for,
 * so that thousands of connections cost little.
 *
 * @module
 */
import { parseAttributes } from "netlink/dist/structs.js";
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { AF_INET, AF_INET6, type Family, formatIp } from "../netlink/ip-address.ts";
import { NetlinkSocket, openNetlink } from "../netlink/netlink-socket.ts";

/** A protocol with ports. */
export type PortProtocol = "tcp" | "udp" | "sctp";

/** A socket that waits for connections or, of UDP, for datagrams from anybody. */
export interface ListenerInfo {
  protocol: PortProtocol;
  /** Family of the socket: an `inet6` one may take IPv4, too. */
  family: "inet" | "inet6";
  /** `0.0.0.0` and `::` are all addresses. */
  address: string;
  port: number;
  /** Of `inet6`: takes no IPv4 (ipv6(7), IPV6_V6ONLY). */
  isV6Only: boolean;
  /** Index of the link that it is bound to (socket(7), SO_BINDTODEVICE). */
  index?: number;
  /** Number of the socket, by which /proc/PID/fd shows who has it. */
  inode: number;
}

/** Which sockets {@link listListeners} returns. */
export interface ListListenersOptions {
  protocol: PortProtocol;
  /** One port; default all. */
  port?: number | undefined;
}

// linux/netlink.h, linux/sock_diag.h, linux/in.h, net/tcp_states.h
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const TCP_LISTEN = 10;
const TCP_CLOSE = 7;
/** A UDP socket without a peer is in the state that TCP calls closed; one with a peer hears from that only. */
const PROTOCOLS = {
  tcp: { number: 6, states: 1 << TCP_LISTEN, option: "CONFIG_INET_TCP_DIAG" },
  udp: { number: 17, states: 1 << TCP_CLOSE, option: "CONFIG_INET_UDP_DIAG" },
  sctp: { number: 132, states: 1 << TCP_LISTEN, option: "CONFIG_INET_SCTP_DIAG" },
} as const;

/** `struct inet_diag_req_v2`: family, protocol, extensions, padding, states, and `struct inet_diag_sockid` of 48 bytes, which begins with the port. */
const REQUEST = { length: 56, statesAt: 4, portAt: 8 } as const;
/** `struct inet_diag_msg`: four bytes, the same identity (port, peer's port, address, peer's address, link, cookie), four figures, inode. */
const MESSAGE = { length: 72, portAt: 4, addressAt: 8, indexAt: 40, inodeAt: 68 } as const;
const INET_DIAG_SKV6ONLY = 11;
const ENOENT = 2;
const EINVAL = 22;
const ENOSYS = [ENOENT, EINVAL];

class SockDiagSocket extends NetlinkSocket {
  /** In the thread's network namespace. */
  static open(): SockDiagSocket {
    return new SockDiagSocket(openNetlink(NETLINK_SOCK_DIAG, undefined));
  }
}

/**
 * List the listeners of both families in the thread's network namespace.
 *
 * @throws {NetdError} KERNEL_FEATURE_MISSING when the kernel can't list sockets of TCP or UDP; one that can't list those of SCTP has none
 */
export function listListeners({ protocol, port = 0 }: ListListenersOptions): ListenerInfo[] {
  using socket = SockDiagSocket.open();
  return ([AF_INET, AF_INET6] as const).flatMap((family) => dump(socket, family, protocol, port));
}

function dump(socket: SockDiagSocket, family: Family, protocol: PortProtocol, port: number): ListenerInfo[] {
  const { number, states, option } = PROTOCOLS[protocol];
  const request = Buffer.alloc(REQUEST.length);
  request.writeUInt8(family, 0);
  request.writeUInt8(number, 1);
  request.writeUInt32LE(states, REQUEST.statesAt);
  request.writeUInt16BE(port, REQUEST.portAt);
  try {
    return socket
      .dump({
        type: SOCK_DIAG_BY_FAMILY,
        body: (out) => out.emit(request),
        call: () => `list sockets of ${protocol} (SOCK_DIAG_BY_FAMILY family=${family} port=${port})`,
      })
      .map((message) => parseListener(message, protocol))
      .filter((listener) => port === 0 || listener.port === port);
  } catch (error) {
    if (!(error instanceof KernelError) || !ENOSYS.includes(error.errno)) throw error;
    if (protocol === "sctp") return [];
    throw new NetdError(
      "KERNEL_FEATURE_MISSING",
      `Cannot look for who listens on a port of ${protocol}: this kernel can't list its sockets, ${option} wanted`,
      { remedy: `Load it with 'modprobe ${protocol}_diag', or use a kernel built with it`, cause: error },
    );
  }
}

function parseListener(message: Buffer, protocol: PortProtocol): ListenerInfo {
  const isSix = message[0] === AF_INET6;
  const index = message.readUInt32LE(MESSAGE.indexAt);
  let isV6Only = false;
  parseAttributes(message.subarray(MESSAGE.length), ({ type, data }) => {
    if (type === INET_DIAG_SKV6ONLY) isV6Only = data[0] === 1;
  });
  return {
    protocol,
    family: isSix ? "inet6" : "inet",
    address: formatIp(message.subarray(MESSAGE.addressAt, MESSAGE.addressAt + (isSix ? 16 : 4))),
    port: message.readUInt16BE(MESSAGE.portAt),
    isV6Only,
    ...(index === 0 ? {} : { index }),
    inode: message.readUInt32LE(MESSAGE.inodeAt),
  };
}
