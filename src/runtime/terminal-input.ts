/**
 * What clients type, on its way into a terminal.
 *
 * @module
 */
import { writeSync } from "node:fs";

/** Bytes that may wait for a program that does not read. */
const QUEUE_MAX_BYTES = 1 << 16;
/** How soon a full terminal is tried again: libuv would block on it, so nobody tells us when there is room. */
const RETRY_MS = 10;

/** Writes to a terminal's master, which is non-blocking and belongs to somebody else. */
export class TerminalInput {
  readonly #fd: number;
  readonly #onDrained: () => void;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(fd: number, onDrained: () => void) {
    this.#fd = fd;
    this.#onDrained = onDrained;
  }

  /** Take bytes to write. False: no more until `onDrained` was called. */
  write(bytes: Buffer): boolean {
    this.#queue.push(Buffer.from(bytes));
    this.#queuedBytes += bytes.length;
    if (this.#retry === undefined) this.#flush();
    return this.#queuedBytes < QUEUE_MAX_BYTES;
  }

  /** Stop writing; the descriptor may be closed then. */
  close(): void {
    clearTimeout(this.#retry);
    this.#queue = [];
  }

  #flush(): void {
    this.#retry = undefined;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const written = writeNow(this.#fd, first);
      this.#queuedBytes -= written;
      if (written < first.length) {
        this.#queue[0] = first.subarray(written);
        this.#retry = setTimeout(() => this.#flush(), RETRY_MS);
        return;
      }
      this.#queue.shift();
    }
    this.#onDrained();
  }
}

/** Write what fits. */
function writeNow(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    // Nobody has it open any more (EIO): what is typed is lost.
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : bytes.length;
  }
}
