/**
 * The further processes that run in one container.
 *
 * @module
 */
import { closeSync, readFileSync } from "node:fs";
import { readProcessStat } from "../kernel/proc/index.ts";
import { openProcess, signalProcess } from "../kernel/process/index.ts";
import type { ExecInfo } from "./protocol.ts";
import type { StoredExec } from "./record-store.ts";

const SIGKILL = 9;

/** Knows the execs of a container while they run. */
export class Execs {
  readonly #running = new Map<string, StoredExec>();
  readonly #onDetachedChange: () => void;

  /** `onDetachedChange` is told when {@link detached} has changed. */
  constructor(onDetachedChange: () => void) {
    this.#onDetachedChange = onDetachedChange;
  }

  /** All that run. */
  list(): ExecInfo[] {
    return [...this.#running.values()].map(({ startTime: _startTime, ...info }) => info);
  }

  /** Those that go on when their runtime dies. */
  detached(): StoredExec[] {
    return [...this.#running.values()].filter(({ isDetached }) => isDetached);
  }

  add(exec: StoredExec): void {
    this.#running.set(exec.id, exec);
    if (exec.isDetached) this.#onDetachedChange();
  }

  delete(id: string): void {
    const exec = this.#running.get(id);
    this.#running.delete(id);
    if (exec?.isDetached === true) this.#onDetachedChange();
  }
}

/**
 * Kill the execs that a dead runtime left in a container and that had a client: it was told that they are lost, and nobody reads what they
 * write. They are those whose parent is outside of the container, but for the first process and the detached ones.
 */
export function killLostExecs(pids: readonly number[], firstPid: number, detached: readonly StoredExec[]): void {
  // In the host's pid namespace any daemon in the container has such a parent.
  if (!isFirstOfNamespace(firstPid)) return;
  const inside = new Set(pids);
  const kept = new Set([firstPid, ...detached.map(({ pid }) => pid)]);
  for (const pid of pids) {
    if (kept.has(pid) || isChildOf(pid, inside)) continue;
    try {
      const pidfd = openProcess(pid);
      if (!isChildOf(pid, inside)) signalProcess(pidfd, SIGKILL);
      closeSync(pidfd);
    } catch {
      // It has ended.
    }
  }
}

function isChildOf(pid: number, parents: ReadonlySet<number>): boolean {
  const stat = readProcessStat(pid);
  return stat === undefined || parents.has(stat.parentPid);
}

/** Whether a process is 1 in its own pid namespace: `NSpid` of proc_pid_status(5). */
function isFirstOfNamespace(pid: number): boolean {
  try {
    return /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
