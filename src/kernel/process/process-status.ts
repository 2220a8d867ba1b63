/**
 * How a process is and how it ended, from /proc, wait(2) and pidfds.
 *
 * Source: proc_pid_stat(5), wait(2), linux/pidfd.h, linux/sched.h.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { ioctl, waitpid } from "../libc.ts";

/** Part of /proc/PID/stat. */
export interface ProcessStat {
  command: string;
  /** One letter; `Z` is dead and not yet reaped. */
  state: string;
  /** PF_ flags of the kernel. */
  flags: number;
  /** Living ones, and a first one that has ended. */
  threads: number;
  /** Clock ticks since boot. */
  startTime: number;
  /** As wait(2) gives it; 0 when we may not know. */
  waitStatus: number;
}

/** Set between fork and exec (linux/sched.h). */
const PF_FORKNOEXEC = 0x40;
const WNOHANG = 1;
/** `_IOWR(0xFF, 11, struct pidfd_info)` with the structure's first, 64-byte version. */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_EXIT = 8n;
const PIDFD_INFO_EXIT_CODE_AT = 60;

/** Read /proc/PID/stat; undefined when there is no such process. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Parse one line of /proc/PID/stat; the command's name may hold blanks and parentheses. */
export function parseProcessStat(line: string): ProcessStat {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  const fields = line
    .slice(close + 2)
    .trimEnd()
    .split(" ");
  // fields[0] is field 3 of the manual.
  const field = (number: number) => Number(fields[number - 3]);
  return {
    command: line.slice(open + 1, close),
    state: fields[0]!,
    flags: field(9),
    threads: field(20),
    startTime: field(22),
    waitStatus: field(52),
  };
}

/** Whether a process has executed a program since its fork; false when it is gone. */
export function hasExecuted(stat: ProcessStat | undefined): boolean {
  return stat !== undefined && (stat.flags & PF_FORKNOEXEC) === 0;
}

/** The code a shell would show for a wait status: 128+N after signal N. */
export function exitCodeOf(waitStatus: number): number {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? (waitStatus >> 8) & 0xff : 128 + signal;
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
