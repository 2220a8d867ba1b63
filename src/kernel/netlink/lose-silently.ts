/**
 * Keeps a listening socket of the `netlink` package from ending the process.
 *
 * When more is sent to a socket than it holds, recvmsg says ENOBUFS; version 0.3.0 of the package then throws where nobody can catch it. The
 * kernel can be told to lose messages without a word instead, which whoever listens must reckon with.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { KernelError } from "../errno.ts";
import { getsockname, lastErrno, setsockopt } from "../libc.ts";

// bits/socket.h, linux/netlink.h
const AF_NETLINK = 16;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
/** `struct sockaddr_nl`: family, padding, port, groups. */
const SOCKADDR_BYTES = 12;
const PORT_AT = 4;
const ENOENT = 2;

/** Tell the kernel not to report lost messages on our netlink socket with this port. @throws {NetdError} KERNEL_CALL_FAILED */
export function loseSilently(port: number): void {
  const on = Buffer.alloc(4);
  on.writeInt32LE(1);
  const fd = readdirSync("/proc/self/fd")
    .map(Number)
    .find((candidate) => portOf(candidate) === port);
  if (fd === undefined) throw new KernelError(`find the netlink socket with port ${port}`, ENOENT);
  if (setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, on, on.length) < 0) {
    throw new KernelError("setsockopt(NETLINK_NO_ENOBUFS)", lastErrno());
  }
}

function portOf(fd: number): number | undefined {
  const address = Buffer.alloc(SOCKADDR_BYTES);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(address.length);
  if (getsockname(fd, address, length) < 0 || address.readUInt16LE(0) !== AF_NETLINK) return undefined;
  return address.readUInt32LE(PORT_AT);
}
