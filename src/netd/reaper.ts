/**
 * Reaps the orphans that a dead runtime leaves to netd, its subreaper. Container processes are left as zombies until the new runtime has read
 * their exit code.
 *
 * @module
 */
import { listChildren, reapChild } from "../kernel/index.ts";

/** Reaps when a child ends. Node reaps those that it spawned itself; those are left to it. */
export class Reaper {
  readonly #isAwaited: (pid: number) => boolean;

  /** `isAwaited` tells the pids whose exit code somebody still wants. */
  constructor(isAwaited: (pid: number) => boolean) {
    this.#isAwaited = isAwaited;
    process.on("SIGCHLD", () => this.reap());
  }

  /** Reap every ended child that nobody waits for. */
  reap(): void {
    for (const pid of listChildren()) if (!this.#isAwaited(pid)) reapChild(pid);
  }
}
