/**
 * What the first process of a pid namespace owes the others: to take away the remains of children that it did not start.
 *
 * Node waits for its own children by pid and leaves adopted ones as zombies. So after each SIGCHLD, every child that is not one
 * of node's is waited for by its pid too. A child that node itself started must be announced by {@link OrphanReaper.keep} in the
 * same turn as it is spawned, or its exit code could be lost here.
 *
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { listChildren, reapChild } from "../kernel/index.ts";

/** Reaps orphans for as long as the process lives. */
export class OrphanReaper {
  readonly #own = new Set<number>();

  constructor() {
    process.on("SIGCHLD", () => this.#reap());
  }

  /** Leave a child to node. */
  keep<Child extends ChildProcess>(child: Child): Child {
    const { pid } = child;
    if (pid !== undefined) {
      this.#own.add(pid);
      child.once("exit", () => this.#own.delete(pid));
    }
    return child;
  }

  #reap(): void {
    for (const pid of listChildren()) if (!this.#own.has(pid)) reapChild(pid);
  }
}
