/**
 * How a process ended, from wait(2) and pidfds.
 *
 * Source: wait(2), linux/pidfd.h.
 *
 * @module
 */
import { ioctl, waitid, waitpid } from "../libc.ts";

const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const P_PID = 1;
/** siginfo_t of 64-bit machines (asm-generic/siginfo.h). */
const SIGINFO_BYTES = 128;
const SIGINFO_CODE_AT = 8;
const SIGINFO_PID_AT = 16;
const SIGINFO_STATUS_AT = 24;
const CLD_EXITED = 1;
/** `_IOWR(0xFF, 11, struct pidfd_info)` with the structure's first, 64-byte version. */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_EXIT = 8n;
const PIDFD_INFO_EXIT_CODE_AT = 60;

/** The code a shell would show for a wait status: 128+N after signal N. */
export function exitCodeOf(waitStatus: number): number {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? (waitStatus >> 8) & 0xff : 128 + signal;
}

/** Look at a child that has ended, and leave it to be reaped. Returns as {@link reap}. */
export function peekChild(pid: number): number | undefined | "foreign" {
  const info = Buffer.alloc(SIGINFO_BYTES);
  if (waitid(P_PID, pid, info, WEXITED | WNOHANG | WNOWAIT) < 0) return "foreign";
  if (info.readInt32LE(SIGINFO_PID_AT) === 0) return undefined;
  const status = info.readInt32LE(SIGINFO_STATUS_AT);
  return info.readInt32LE(SIGINFO_CODE_AT) === CLD_EXITED ? (status & 0xff) << 8 : status & 0x7f;
}

/** Reap a child that has ended. Returns its wait status, undefined while it runs, or `"foreign"` when it is not our child. */
export function reap(pid: number): number | undefined | "foreign" {
  const status = Buffer.alloc(4);
  const got = waitpid(pid, status, WNOHANG);
  if (got === 0) return undefined;
  return got < 0 ? "foreign" : status.readInt32LE(0);
}

/** Wait for a child that is about to end, and reap it. Blocks. */
export function reapDying(pid: number): number {
  const status = Buffer.alloc(4);
  waitpid(pid, status, 0);
  return status.readInt32LE(0);
}

/**
 * Ask how a process ended that others reaped. `pidfd` must have been opened before its end. Undefined when it runs, or the kernel is older
 * than 6.15.
 */
export function waitStatusOfPidfd(pidfd: number): number | undefined {
  const info = Buffer.alloc(64);
  info.writeBigUInt64LE(PIDFD_INFO_EXIT, 0);
  if (ioctl(pidfd, PIDFD_GET_INFO, info) < 0) return undefined;
  if ((info.readBigUInt64LE(0) & PIDFD_INFO_EXIT) === 0n) return undefined;
  return info.readInt32LE(PIDFD_INFO_EXIT_CODE_AT);
}
