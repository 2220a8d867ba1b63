/**
 * Cuts a byte stream into lines.
 *
 * @module
 */

const NEWLINE = 0x0a;

/** Keeps the beginning of a line until its end comes. */
export class LineParser {
  readonly #pieces: Buffer[] = [];
  #heldBytes = 0;

  /** Bytes of the line that has not ended yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Take the next bytes and return the lines that they complete, without their newlines. */
  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      this.#pieces.push(bytes.subarray(from, end));
      lines.push(this.#take().toString("utf8"));
      from = end + 1;
    }
    if (from < bytes.length) {
      this.#pieces.push(bytes.subarray(from));
      this.#heldBytes += bytes.length - from;
    }
    return lines;
  }

  /** Return what is held, an unfinished line, and forget it. */
  takeRest(): Buffer {
    return this.#take();
  }

  #take(): Buffer {
    const line = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces.length = 0;
    this.#heldBytes = 0;
    return line;
  }
}
