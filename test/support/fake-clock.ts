import type { Clock, Timer } from "../../src/netd/clock.ts";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #pending = new Set<{ atMs: number; act: () => void }>();

  constructor(start = "2026-01-01T00:00:00.000Z") {
    this.#nowMs = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  after(delayMs: number, act: () => void): Timer {
    const entry = { atMs: this.#nowMs + delayMs, act };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Delays, in milliseconds from now, of what is still to happen. */
  get pending(): number[] {
    return [...this.#pending].map(({ atMs }) => atMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Let time pass, and everything happen that is due by then, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#pending].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.act();
    }
    this.#nowMs = endMs;
  }
}
