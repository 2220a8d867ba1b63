/**
 * The file that keeps a container's output.
 *
 * @module
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { formatLogLines, type OutputStream } from "./cri-log.ts";

const MODE = 0o640;

/** Appends to one log file. Output that the disk has no room for is not kept, and the container goes on. */
export class ContainerLog {
  #fd: number | undefined;

  constructor(path: string) {
    this.#fd = openSync(path, "a", MODE);
  }

  /** Append output of now. */
  append(stream: OutputStream, output: Buffer): void {
    if (this.#fd === undefined) return;
    const lines = formatLogLines(stream, output, Date.now());
    try {
      for (let at = 0; at < lines.length; ) at += writeSync(this.#fd, lines, at);
    } catch {
      // ENOSPC and the like: a container must not stop because its log does.
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
