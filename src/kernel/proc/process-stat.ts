/**
 * How a process is, from /proc.
 *
 * Source: proc_pid_stat(5), linux/sched.h.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Part of /proc/PID/stat. */
export interface ProcessStat {
  command: string;
  /** One letter; `Z` is dead and not yet reaped. */
  state: string;
  parentPid: number;
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
    parentPid: field(4),
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
