/**
 * Whether a process is the one that had its number before.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Tell whether `pid` began at `startTime`, field 22 of /proc/PID/stat (proc_pid_stat(5)). */
export function isSameProcess(pid: number, startTime: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]) === startTime;
  } catch {
    return false;
  }
}
