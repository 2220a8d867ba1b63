/**
 * The journal: every Step that was carried out, as one JSON line with the command a person would have typed.
 *
 * @module
 */
import { appendFileSync, renameSync, statSync } from "node:fs";
import type { JournalEntry } from "../kernel/index.ts";

/** Size at which the journal becomes `NAME.1` and a new one begins, in bytes. */
const ROTATE_BYTES = 8 * 1024 * 1024;

/** Appends to a file; one write for each plan. A journal that can't be written never stops the work. */
export class Journal {
  readonly #path: string;
  #pending: string[] = [];
  #bytes: number;

  constructor(path: string) {
    this.#path = path;
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Note one entry; it is written by the next {@link flush}. */
  readonly note = (entry: JournalEntry): void => {
    this.#pending.push(JSON.stringify({ at: new Date().toISOString(), ...entry }));
  };

  /** Write what was noted. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const text = `${this.#pending.join("\n")}\n`;
    this.#pending = [];
    try {
      if (this.#bytes > ROTATE_BYTES) {
        renameSync(this.#path, `${this.#path}.1`);
        this.#bytes = 0;
      }
      appendFileSync(this.#path, text, { mode: 0o640 });
      this.#bytes += text.length;
    } catch {
      // A full disk must not keep netd from taking down what it built.
    }
  }
}
