/**
 * Whose a socket is, by /proc/PID/fd (proc_pid_fd(5)).
 *
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that has a socket open. */
export interface SocketOwner {
  pid: number;
  /** Its name, at most 15 characters (proc_pid_comm(5)). */
  name: string;
}

/** Find the first process, by its number, that has a socket open. It looks at every descriptor of the host: only for telling people. */
export function findSocketOwner(inode: number): SocketOwner | undefined {
  const link = `socket:[${inode}]`;
  const pids = orEmpty(() => readdirSync("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids.map(Number).sort((a, b) => a - b)) {
    const directory = `/proc/${pid}/fd`;
    const hasIt = orEmpty(() => readdirSync(directory)).some((fd) => isLinkTo(`${directory}/${fd}`, link));
    if (hasIt) return { pid, name: commandOf(pid) };
  }
  return undefined;
}

function isLinkTo(path: string, wanted: string): boolean {
  try {
    return readlinkSync(path) === wanted;
  } catch {
    return false;
  }
}

/** Processes end while they are looked at, and some hide. */
function orEmpty(read: () => string[]): string[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}
