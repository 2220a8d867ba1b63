/**
 * The files that keep a container's output, and how much they may hold.
 *
 * @module
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { faultPoint } from "../kernel/process/index.ts";
import { countLogLines, formatLogLines, type OutputStream } from "./cri-log.ts";
import { fullLogPath, listFullLogs } from "./log-files.ts";
import type { LogLimits, LogLoss } from "./protocol.ts";

/** What a {@link ContainerLog} is made from. */
export interface ContainerLogOptions extends LogLimits {
  path: string;
  /** What was lost of it before. */
  loss?: LogLoss | undefined;
  /** Told when more is lost. */
  onLoss: (loss: LogLoss) => void;
}

const MODE = 0o640;
const NEWLINE = 0x0a;

/** Appends to a log. What the disk has no room for is counted and left out, and the container goes on; later output is tried anew. */
export class ContainerLog {
  readonly #options: ContainerLogOptions;
  #loss: LogLoss | undefined;
  #fd: number | undefined;
  /** Bytes of the current file. */
  #size = 0;
  /** Numbers of the full files, once they were looked for. */
  #full: number[] | undefined;

  constructor(options: ContainerLogOptions) {
    this.#options = options;
    this.#loss = options.loss;
    try {
      this.#open();
    } catch {
      // The disk is full already: tried again with the first output.
    }
  }

  /** What could not be written; absent: nothing. */
  get loss(): LogLoss | undefined {
    return this.#loss;
  }

  /** Append output of now. */
  append(stream: OutputStream, output: Buffer): void {
    const { maxBytes } = this.#options;
    const lines = formatLogLines(stream, output, Date.now());
    let at = 0;
    try {
      if (this.#fd === undefined) this.#open();
      while (at < lines.length) {
        const end = this.#size === 0 ? lineEnd(lines, at, maxBytes) : lastLineEnd(lines, at, maxBytes - this.#size);
        if (end > at) this.#write(lines.subarray(at, end));
        at = end;
        if (at < lines.length) this.#rotate();
      }
      // So that a full file is put away with nothing in hand: a runtime that is killed meanwhile loses no line of it.
      if (this.#size + Math.min(lines.length, maxBytes / 2) > maxBytes) this.#rotate();
    } catch {
      this.#lose(lines.subarray(at));
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): void {
    this.#fd = openSync(this.#options.path, "a+", MODE);
    this.#size = fstatSync(this.#fd).size;
    if (this.#size > 0 && !endsWithNewline(this.#fd, this.#size)) this.#size += writeSync(this.#fd, "\n");
  }

  /** Write whole lines. When there is room for some only, those stay. */
  #write(lines: Buffer): void {
    const fd = this.#fd!; // append opened it
    let written = 0;
    try {
      while (written < lines.length) written += writeSync(fd, lines, written);
      this.#size += written;
    } catch {
      const whole = written === 0 ? 0 : lines.lastIndexOf(NEWLINE, written - 1) + 1;
      if (written > whole) ftruncateSync(fd, this.#size + whole);
      this.#size += whole;
      this.#lose(lines.subarray(whole));
    }
  }

  #lose(lines: Buffer): void {
    if (lines.length === 0) return;
    const { bytes, lines: count } = countLogLines(lines);
    this.#loss = { bytes: (this.#loss?.bytes ?? 0) + bytes, lines: (this.#loss?.lines ?? 0) + count };
    this.#options.onLoss(this.#loss);
  }

  /** Put the current file away and begin the next; the oldest goes when there are too many. */
  #rotate(): void {
    const { path, maxFiles } = this.#options;
    this.#full ??= listFullLogs(path);
    const number = (this.#full.at(-1) ?? 0) + 1;
    faultPoint("log.rename");
    renameSync(path, fullLogPath(path, number));
    faultPoint("log.open");
    this.#full.push(number);
    this.close();
    this.#open();
    faultPoint("log.remove");
    while (this.#full.length >= maxFiles) rmSync(fullLogPath(path, this.#full.shift()!), { force: true }); // its length is above 0
  }
}

/** Where the last line ends that ends within `room` bytes from `at`; `at` itself when none does. */
function lastLineEnd(lines: Buffer, at: number, room: number): number {
  if (lines.length - at <= room) return lines.length;
  if (room <= 0) return at;
  const newline = lines.lastIndexOf(NEWLINE, at + room - 1);
  return newline < at ? at : newline + 1;
}

/** The same for an empty file, which takes one line however long it is. */
function lineEnd(lines: Buffer, at: number, room: number): number {
  const end = lastLineEnd(lines, at, room);
  return end > at ? end : lines.indexOf(NEWLINE, at) + 1;
}

/** Whether the last line is whole: a runtime that is killed may leave the beginning of one. */
function endsWithNewline(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] === NEWLINE;
}
