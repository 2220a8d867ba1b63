/**
 * Finds where the last lines of a log begin, reading it backwards.
 *
 * @module
 */
import type { FileHandle } from "node:fs/promises";
import { HEAD_MAX_BYTES, parseLogLineHead } from "./log-line.ts";

/** How far {@link TailSearch} got. */
export interface TailPosition {
  isFound: boolean;
  /** Offset in the file that was looked at last; its beginning when not found. */
  offset: number;
}

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Counts lines of output from the end of a log, file by file; a line that was written in parts counts once. */
export class TailSearch {
  #wanted: number;
  /** Nothing but parts of a line without an end was seen so far. */
  #isAtEnd = true;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  /** Go on in `file`, the one before the last that was given. */
  async search(file: FileHandle): Promise<TailPosition> {
    const { size } = await file.stat();
    let end = size;
    let rest: Buffer = Buffer.alloc(0);
    for (let position = size; position > 0; ) {
      const start = Math.max(0, position - CHUNK_BYTES);
      const chunk = Buffer.allocUnsafe(position - start);
      const { bytesRead } = await file.read(chunk, 0, chunk.length, start);
      const bytes = Buffer.concat([chunk.subarray(0, bytesRead), rest]);
      position = start;
      let lineEnd = bytes.length;
      while (lineEnd > 0) {
        const newline = lineEnd < 2 ? -1 : bytes.lastIndexOf(NEWLINE, lineEnd - 2);
        // Where the line begins is not known before what is in front of it was read.
        if (newline < 0 && position > 0) break;
        const at = newline + 1;
        if (this.#isEnough(bytes.subarray(at, lineEnd))) return { isFound: true, offset: end };
        end -= lineEnd - at;
        lineEnd = at;
      }
      rest = Buffer.from(bytes.subarray(0, lineEnd));
    }
    return { isFound: false, offset: 0 };
  }

  /** Take the line before; true when the wanted ones begin behind it. */
  #isEnough(line: Buffer): boolean {
    if (line[line.length - 1] !== NEWLINE) return false;
    const head = parseLogLineHead(line.subarray(0, HEAD_MAX_BYTES));
    if (head === undefined) return false;
    if (head.isPartial) {
      if (!this.#isAtEnd) return false;
      // A last line without its end counts as well.
      this.#isAtEnd = false;
      if (this.#wanted === 0) return true;
      this.#wanted--;
      return false;
    }
    this.#isAtEnd = false;
    if (this.#wanted === 0) return true;
    this.#wanted--;
    return false;
  }
}
