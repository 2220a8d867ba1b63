/**
 * Learns how processes end that a dead runtime started: they are not our children, so nobody tells us.
 *
 * A cgroup's events file changes when its last process has gone (cgroups(7)); a slow look at /proc is the net under it, and all there is with version 1.
 *
 * @module
 */
import { closeSync, type FSWatcher, watch } from "node:fs";
import { readProcessStat } from "../kernel/proc/index.ts";
import { exitCodeOf, openProcess, waitStatusOfPidfd } from "../kernel/process/index.ts";
import type { ExitHandler } from "./child-watch.ts";

/** A process to be watched. */
export interface Orphan {
  pid: number;
  startTime: number;
  /** `cgroup.events` of its cgroup in version 2, when there is one. */
  eventsFile?: string;
}

interface Watched {
  orphan: Orphan;
  handler: ExitHandler;
  pidfd: number | undefined;
  watcher: FSWatcher | undefined;
}

const POLL_MS = 250;
/** From the last process leaving its cgroup to its being a zombie: the rest of its exit. */
const SETTLE_MS = 2;

/** Watches adopted processes. Reads their exit code before their new parent reaps them, or from a pidfd after it (Linux 6.15). */
export class OrphanWatch {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** Call `handler` once when the process has ended; at once when it has already. */
  add(orphan: Orphan, handler: ExitHandler): void {
    const watched: Watched = { orphan, handler, pidfd: openQuietly(orphan), watcher: undefined };
    this.#watched.add(watched);
    watched.watcher = this.#watchEvents(watched);
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS);
    queueMicrotask(() => this.#check(watched));
  }

  #watchEvents(watched: Watched): FSWatcher | undefined {
    const { eventsFile } = watched.orphan;
    if (eventsFile === undefined) return undefined;
    try {
      const watcher = watch(eventsFile, () => {
        this.#check(watched);
        setTimeout(() => this.#check(watched), SETTLE_MS);
      });
      watcher.on("error", () => {});
      return watcher;
    } catch {
      // The poll sees it too.
      return undefined;
    }
  }

  #poll(): void {
    for (const watched of this.#watched) this.#check(watched);
  }

  #check(watched: Watched): void {
    if (!this.#watched.has(watched)) return;
    const { orphan, handler, pidfd } = watched;
    const ending = endOf(orphan, pidfd);
    if (ending === undefined) return;
    this.#watched.delete(watched);
    watched.watcher?.close();
    if (pidfd !== undefined) closeSync(pidfd);
    if (this.#watched.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    handler(ending.exitCode);
  }
}

/** How a process ended; undefined while it lives. */
function endOf({ pid, startTime }: Orphan, pidfd: number | undefined): { exitCode: number | null } | undefined {
  const stat = readProcessStat(pid);
  if (stat !== undefined && stat.startTime === startTime) {
    // A first thread that ended before the others is a zombie too.
    if (stat.state !== "Z" || stat.threads > 1) return undefined;
    return { exitCode: exitCodeOf(stat.waitStatus) };
  }
  const waitStatus = pidfd === undefined ? undefined : waitStatusOfPidfd(pidfd);
  return { exitCode: waitStatus === undefined ? null : exitCodeOf(waitStatus) };
}

function openQuietly({ pid, startTime }: Orphan): number | undefined {
  try {
    const pidfd = openProcess(pid);
    if (readProcessStat(pid)?.startTime === startTime) return pidfd;
    closeSync(pidfd);
  } catch {
    // It is gone.
  }
  return undefined;
}
