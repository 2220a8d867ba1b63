/**
 * Learns how our children end.
 *
 * @module
 */
import { exitCodeOf, peekChild, reap } from "../kernel/process/index.ts";

/** Called with the code a shell would show; `null` when another process reaped the child. */
export type ExitHandler = (exitCode: number | null) => void;

/** Reaps by pid, so that it takes no child from anybody else. */
export class ChildWatch {
  readonly #handlers = new Map<number, ExitHandler>();

  constructor() {
    process.on("SIGCHLD", () => this.#collect());
  }

  /** Call `handler` once when the child `pid` has ended; it may have already. */
  add(pid: number, handler: ExitHandler): void {
    this.#handlers.set(pid, handler);
    // Its SIGCHLD may have come before we knew of it.
    queueMicrotask(() => this.#check(pid, handler));
  }

  #collect(): void {
    for (const [pid, handler] of this.#handlers) this.#check(pid, handler);
  }

  #check(pid: number, handler: ExitHandler): void {
    if (this.#handlers.get(pid) !== handler) return;
    const status = peekChild(pid);
    if (status === undefined) return;
    this.#handlers.delete(pid);
    try {
      handler(status === "foreign" ? null : exitCodeOf(status));
    } finally {
      // Only now: when we are killed before its code is written down, our successor can still read it.
      reap(pid);
    }
  }
}
