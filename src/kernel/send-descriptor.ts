/**
 * Giving a descriptor to another process that listens on a unix socket.
 *
 * Source: unix(7), cmsg(3), sys/socket.h.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { check } from "./errno.ts";
import { addressOf, close, connect, sendmsg, socket } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of sun_path, and of struct sockaddr_un. */
const PATH_MAX = 108;
const ADDRESS_BYTES = 2 + PATH_MAX;
/** struct cmsghdr with one descriptor: its length is 20, its space 24. */
const CONTROL_LENGTH = 20;
const CONTROL_SPACE = 24;

/**
 * Send `payload` and a descriptor to the stream socket at `path`; the descriptor stays the caller's. Never waits: a socket whose queue is
 * full is an error.
 *
 * @throws {NetdError} KERNEL_CALL_FAILED, LAUNCH_FAILED when the message was not taken whole
 */
export function sendDescriptor(path: string, payload: Buffer, fd: number): void {
  const address = Buffer.alloc(ADDRESS_BYTES);
  address.writeUInt16LE(AF_UNIX, 0);
  if (Buffer.byteLength(path) >= PATH_MAX) {
    throw new NetdError(
      "LAUNCH_FAILED",
      `Cannot connect to "${path}": a socket's path has at most ${PATH_MAX - 1} bytes`,
    );
  }
  address.write(path, 2);
  const peer = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), () => "socket(AF_UNIX)");
  try {
    check(connect(peer, address, address.length), () => `connect(${path})`);
    const control = Buffer.alloc(CONTROL_SPACE);
    control.writeBigUInt64LE(BigInt(CONTROL_LENGTH), 0);
    control.writeInt32LE(SOL_SOCKET, 8);
    control.writeInt32LE(SCM_RIGHTS, 12);
    control.writeInt32LE(fd, 16);
    const vector = Buffer.alloc(16);
    vector.writeBigUInt64LE(addressOf(payload), 0);
    vector.writeBigUInt64LE(BigInt(payload.length), 8);
    // struct msghdr: name, its length, vector, its length, control, its length, flags.
    const message = Buffer.alloc(56);
    message.writeBigUInt64LE(addressOf(vector), 16);
    message.writeBigUInt64LE(1n, 24);
    message.writeBigUInt64LE(addressOf(control), 32);
    message.writeBigUInt64LE(BigInt(CONTROL_SPACE), 40);
    const sent = check(sendmsg(peer, message, MSG_NOSIGNAL), () => `sendmsg(${path})`);
    if (sent === payload.length) return;
    throw new NetdError(
      "LAUNCH_FAILED",
      `Cannot send a descriptor to "${path}": it took ${sent} of ${payload.length} bytes`,
    );
  } finally {
    close(peer);
  }
}
