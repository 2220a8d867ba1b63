/**
 * Writes the generated files of containers, in place: a bind mount shows the file, not the name, so a rename would never be seen inside.
 *
 * @module
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";

/**
 * Write `content` into a file, made when missing and else keeping its inode.
 *
 * Readers see the old text or the new, for a moment with blank lines after it; never an empty file, nor the end of a longer old text.
 */
export function rewriteInPlace(path: string, content: string): void {
  const bytes = Buffer.from(content);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    const excess = fstatSync(fd).size - bytes.length;
    if (excess <= 0) {
      writeSync(fd, bytes, 0, bytes.length, 0);
      return;
    }
    // One write covers the whole old text.
    const padded = Buffer.concat([bytes, Buffer.alloc(excess, "\n")]);
    writeSync(fd, padded, 0, padded.length, 0);
    ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}

/** Rewrites the hosts files of all running containers after a change of membership; several changes at once cost one pass. */
export class HostsWriter {
  readonly #rewriteAll: () => void;
  #isScheduled = false;

  /** `rewriteAll` writes every file from the membership of that moment. */
  constructor(rewriteAll: () => void) {
    this.#rewriteAll = rewriteAll;
  }

  /** Have all files rewritten once the requests at hand are through. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#rewriteAll();
    });
  }
}
