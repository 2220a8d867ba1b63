/**
 * Writes the generated files of containers, in place: a bind mount shows the file, not the name, so a rename would never be seen inside.
 *
 * @module
 */
import { closeSync, constants, ftruncateSync, openSync, writeSync } from "node:fs";

/**
 * Write `content` into a file, made when missing and else keeping its inode.
 *
 * Who reads in that very moment may get the end of the old text behind the new, as the kernel promises no more; never an empty file, and always
 * the lines at the beginning that are in both.
 */
export function rewriteInPlace(path: string, content: string): void {
  const bytes = Buffer.from(content);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    writeSync(fd, bytes, 0, bytes.length, 0);
    ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}

/** From a change to the pass, in milliseconds: a burst of starts costs one pass, not one each. */
const DELAY_MS = 50;
/**
 * A pass writes each container's name into each container's file. That it takes no more than this share of a long burst, it waits so many
 * times as long as the last one took.
 */
const PAUSE_FACTOR = 20;

/** Rewrites the hosts files of all running containers after a change of membership; several changes at once cost one pass. */
export class HostsWriter {
  readonly #rewriteAll: () => void;
  #delayMs = DELAY_MS;
  #timer: NodeJS.Timeout | undefined;

  /** `rewriteAll` writes every file from the membership of that moment. */
  constructor(rewriteAll: () => void) {
    this.#rewriteAll = rewriteAll;
  }

  /** Have all files rewritten soon; what changes until then is in the same pass. */
  schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const start = performance.now();
      this.#rewriteAll();
      this.#delayMs = Math.max(DELAY_MS, (performance.now() - start) * PAUSE_FACTOR);
    }, this.#delayMs).unref();
  }
}
