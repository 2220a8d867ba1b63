/**
 * A process with all that came of it.
 *
 * Source: proc_pid_stat(5).
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { kill } from "./libc.ts";

const SIGKILL = 9;
/** Passes after which we give up on what forks faster than it is killed. */
const PASSES = 100;

/** What tells a process from every other, also from a later one with its pid. */
export interface ProcessIdentity {
  pid: number;
  startTime: number;
}

interface Relatives extends ProcessIdentity {
  parent: number;
  session: number;
}

/** A process by its pid and start time (clock ticks since boot): for ever the same one. `undefined`: there is none of that pid. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  return readRelatives(String(pid));
}

/**
 * Kill a process with all that came of it: its descendants, all in the sessions that one of them leads, and, for those that left both, all that
 * inherited `mark`, an entry of the process's environment that nobody else has. Does nothing when the process has ended.
 */
export function killProcessTree(root: ProcessIdentity, mark: string): void {
  if (identifyProcess(root.pid)?.startTime !== root.startTime) return;
  const family = new Set([root.pid]);
  for (let pass = 0; pass < PASSES; pass++) {
    const living = listProcesses();
    for (let grown = -1; grown !== family.size; ) {
      grown = family.size;
      for (const { pid, parent, session } of living) if (family.has(parent) || family.has(session)) family.add(pid);
    }
    for (const { pid } of living) if (!family.has(pid) && hasInEnvironment(pid, mark)) family.add(pid);
    const victims = living.filter(({ pid }) => family.has(pid));
    if (victims.length === 0) return;
    for (const { pid } of victims) kill(pid, SIGKILL);
  }
}

function hasInEnvironment(pid: number, entry: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(entry);
  } catch {
    return false; // Ended while we looked.
  }
}

/** All processes that have not ended. */
function listProcesses(): Relatives[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readRelatives(name) ?? []) : []));
}

function readRelatives(name: string): Relatives | undefined {
  try {
    const line = readFileSync(`/proc/${name}/stat`, "utf8");
    // The first of them is field 3 of the manual.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const field = (number: number) => Number(fields[number - 3]);
    if ("ZX".includes(fields[0] ?? "")) return undefined;
    return { pid: Number(name), parent: field(4), session: field(6), startTime: field(22) };
  } catch {
    return undefined; // Ended while we looked.
  }
}
