/**
 * Reads a container's output back from its log file, as frames, and goes on while the container does.
 *
 * @module
 */
import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { type FrameKind, formatFrame } from "../stream/index.ts";

/** What of the log is wanted. */
export interface ReadLogOptions {
  /** Go on until {@link ended} settles. */
  isFollowing: boolean;
  hasTimestamps: boolean;
  /** Only the last so many lines; absent: all. */
  tail: number | undefined;
  /** Settles when nothing more will be written. */
  ended: Promise<unknown>;
}

/** Bytes read at once. */
const CHUNK_BYTES = 64 * 1024;
/** `TIME STREAM TAG TEXT`, the CRI log format: kubernetes/cri-api. */
const LINE = /^(\S+) (stdout|stderr) ([FP]) ?/;

/** Stream a log file as stdout and stderr frames. A file that is not there yet is an empty log. */
export function readLog(path: string, options: ReadLogOptions): Readable {
  return Readable.from(frames(path, options), { objectMode: false });
}

async function* frames(path: string, options: ReadLogOptions): AsyncGenerator<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch {
    return;
  }
  try {
    const start = options.tail === undefined ? 0 : await findTail(file, options.tail);
    const formatLine = lineFormatter(options.hasTimestamps);
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of chunks(file, path, start, options)) {
      const bytes = Buffer.concat([rest, chunk]);
      const end = bytes.lastIndexOf(10) + 1;
      rest = bytes.subarray(end);
      const out: Buffer[] = [];
      for (let at = 0; at < end; ) {
        const next = bytes.indexOf(10, at) + 1;
        const frame = formatLine(bytes.subarray(at, next));
        if (frame !== undefined) out.push(frame);
        at = next;
      }
      if (out.length > 0) yield Buffer.concat(out);
    }
  } finally {
    await file.close();
  }
}

async function* chunks(file: FileHandle, path: string, start: number, options: ReadLogOptions): AsyncGenerator<Buffer> {
  let position = start;
  let isEnded = false;
  let wake: () => void = () => {};
  let watcher: FSWatcher | undefined;
  if (options.isFollowing) {
    watcher = watch(path, () => wake());
    void options.ended.then(() => {
      isEnded = true;
      wake();
    });
  }
  try {
    for (;;) {
      // Armed before the read, so that what is written during it is not missed.
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const wasEnded = isEnded;
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
      if (bytesRead > 0) {
        position += bytesRead;
        yield chunk.subarray(0, bytesRead);
      } else if (!options.isFollowing || wasEnded) {
        return;
      } else if (!isEnded) {
        await changed;
      }
    }
  } finally {
    watcher?.close();
  }
}

/** Make the function that turns each line of the log file into a frame; undefined for what is no such line. */
function lineFormatter(hasTimestamps: boolean): (line: Buffer) => Buffer | undefined {
  /** Streams whose last line has not ended: what goes on there gets no time of its own. */
  const open = new Set<string>();
  return (line) => {
    const match = LINE.exec(line.subarray(0, 64).toString("latin1"));
    if (match === null) return undefined;
    const [prefix, time, stream = "", tag] = match;
    const text = line.subarray(prefix.length, tag === "F" ? line.length : line.length - 1);
    const payload = hasTimestamps && !open.has(stream) ? Buffer.concat([Buffer.from(`${time} `), text]) : text;
    if (tag === "F") open.delete(stream);
    else open.add(stream);
    return formatFrame(stream as FrameKind, payload);
  };
}

/** Find where the last `count` lines of output begin; a line that was written in parts counts once. */
async function findTail(file: FileHandle, count: number): Promise<number> {
  const starts: number[] = [];
  let lineStart = 0;
  let textStart = 0;
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      const match = LINE.exec(bytes.subarray(at, at + 64).toString("latin1"));
      lineStart += end + 1 - at;
      at = end + 1;
      if (match?.[3] === "P") continue;
      starts.push(textStart);
      if (starts.length > count) starts.shift();
      textStart = lineStart;
    }
    rest = bytes.subarray(at);
  }
  // A last line without its end counts as well.
  if (textStart < lineStart) starts.push(textStart);
  if (starts.length > count) starts.shift();
  return starts[0] ?? lineStart;
}
