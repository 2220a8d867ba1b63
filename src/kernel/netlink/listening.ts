/**
 * Options of listening sockets of the `netlink` package, among them what keeps it from ending the process.
 *
 * When more is sent to a socket than it holds, recvmsg says ENOBUFS; version 0.3.0 of the package then throws where nobody can catch it. The
 * kernel can be told to lose messages without a word instead, which whoever listens must reckon with.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { KernelError } from "../errno.ts";
import { getsockname, lastErrno, setsockopt } from "../libc.ts";
import { getsockopt } from "../libc-socket.ts";

// bits/socket.h, linux/netlink.h
const AF_NETLINK = 16;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
// asm-generic/socket.h, linux/sock_diag.h
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
const SK_MEMINFO_BYTES = 36;
const SK_MEMINFO_DROPS_AT = 32;
/** `struct sockaddr_nl`: family, padding, port, groups. */
const SOCKADDR_BYTES = 12;
const PORT_AT = 4;
const INT_BYTES = 4;
const ENOENT = 2;

/** Tell the kernel not to report lost messages on our netlink socket with this port; its descriptor. @throws {NetdError} KERNEL_CALL_FAILED */
export function loseSilently(port: number): number {
  const fd = ownNetlinkSockets().find((candidate) => netlinkPort(candidate) === port);
  if (fd === undefined) throw new KernelError(`find the netlink socket with port ${port}`, ENOENT);
  if (setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, int(1), INT_BYTES) < 0) {
    throw new KernelError("setsockopt(NETLINK_NO_ENOBUFS)", lastErrno());
  }
  return fd;
}

/** Let a socket hold this many bytes of messages that were not read yet, where we may; memory is only used when they are there. */
export function holdMessages(fd: number, bytes: number): void {
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, int(bytes), INT_BYTES);
}

/** How many messages a socket has lost since it was opened. */
export function countLost(fd: number): number {
  const memory = Buffer.alloc(SK_MEMINFO_BYTES);
  const length = int(memory.length);
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, length) < 0) {
    throw new KernelError("getsockopt(SO_MEMINFO)", lastErrno());
  }
  return memory.readUInt32LE(SK_MEMINFO_DROPS_AT);
}

/** Descriptors of the netlink sockets of our process. */
export function ownNetlinkSockets(): number[] {
  return readdirSync("/proc/self/fd")
    .map(Number)
    .filter((fd) => netlinkPort(fd) !== undefined);
}

/** The port of a netlink socket of ours (netlink(7), nl_pid); undefined for any other descriptor. */
export function netlinkPort(fd: number): number | undefined {
  const address = Buffer.alloc(SOCKADDR_BYTES);
  if (getsockname(fd, address, int(address.length)) < 0 || address.readUInt16LE(0) !== AF_NETLINK) return undefined;
  return address.readUInt32LE(PORT_AT);
}

function int(value: number): Buffer {
  const buffer = Buffer.alloc(INT_BYTES);
  buffer.writeInt32LE(value);
  return buffer;
}
