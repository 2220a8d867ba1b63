/**
 * Reads a container's output back from its log, as frames, and goes on while the container does.
 *
 * @module
 */
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { formatFrame } from "../../stream/index.ts";
import { parseLogLineHead } from "./log-line.ts";
import { type LogPlace, openLog, openNextLog } from "./log-walk.ts";

/** What of the log is wanted. */
export interface ReadLogOptions {
  /** Go on until {@link ended} settles. */
  isFollowing: boolean;
  hasTimestamps: boolean;
  /** Only the last so many lines; absent: all. */
  tail: number | undefined;
  /** Only lines of this time or later, as a log line has it. */
  since?: string | undefined;
  /** Only lines of this time or before; following ends when it has come. */
  until?: string | undefined;
  /** Settles when nothing more will be written. */
  ended: Promise<unknown>;
}

/** Bytes read at once. */
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** setTimeout(3) of Node takes no longer ones, in milliseconds. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Stream a log as stdout and stderr frames. A log that is not there yet is empty. */
export function readLog(path: string, options: ReadLogOptions): Readable {
  return Readable.from(frames(path, options), { objectMode: false });
}

async function* frames(path: string, options: ReadLogOptions): AsyncGenerator<Buffer> {
  const formatLine = lineFormatter(options);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks(path, options)) {
    // A file ends with the end of a line; what was torn is no line.
    if (chunk === "next file") {
      rest = Buffer.alloc(0);
      continue;
    }
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    rest = bytes.subarray(end);
    const out: Buffer[] = [];
    for (let at = 0; at < end; ) {
      const next = bytes.indexOf(NEWLINE, at) + 1;
      const frame = formatLine(bytes.subarray(at, next));
      if (frame !== undefined) out.push(frame);
      at = next;
    }
    if (out.length > 0) yield Buffer.concat(out);
  }
}

/** The bytes of all files in order, and where one file ends and the next begins. */
async function* chunks(path: string, options: ReadLogOptions): AsyncGenerator<Buffer | "next file"> {
  using news = new LogNews(path, options);
  let place: LogPlace | undefined;
  try {
    for (;;) {
      // Before the look, so that what is written during it is not missed.
      const changed = news.next();
      const { isEnded } = news;
      place ??= await openLog(path, options.tail);
      if (place !== undefined) {
        const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
        const { bytesRead } = await place.file.read(chunk, 0, CHUNK_BYTES, place.offset);
        if (bytesRead > 0) {
          place.offset += bytesRead;
          yield chunk.subarray(0, bytesRead);
          continue;
        }
        const next = await openNextLog(path, place);
        if (next !== undefined) {
          yield* readRest(place);
          await place.file.close();
          place = next;
          yield "next file";
          continue;
        }
      }
      if (isEnded) return;
      await changed;
    }
  } finally {
    await place?.file.close();
  }
}

/** What came between the last read of a file and its being put away. */
async function* readRest({ file, offset }: LogPlace): AsyncGenerator<Buffer> {
  for (let position = offset; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** Tells when there may be more to read, and when there will be nothing more. */
class LogNews implements Disposable {
  isEnded: boolean;
  #wake: () => void = () => {};
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, { isFollowing, until, ended }: ReadLogOptions) {
    this.isEnded = !isFollowing;
    if (this.isEnded) return;
    try {
      // The directory: a full file gives its name to the next one.
      this.#watcher = watch(dirname(path), () => this.#wake());
    } catch {
      // It is gone, and the log with it.
      this.isEnded = true;
    }
    void ended.then(() => this.#end());
    if (until === undefined) return;
    const waitMs = Math.max(0, Date.parse(until) - Date.now());
    this.#timer = setTimeout(() => this.#end(), Math.min(waitMs, TIMER_MAX_MS));
  }

  /** Settles at the next change. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.isEnded = true;
    this.#wake();
  }
}

/** Make the function that turns each line of the log into a frame; undefined for what is no such line, or not wanted. */
function lineFormatter({ hasTimestamps, since, until }: ReadLogOptions): (line: Buffer) => Buffer | undefined {
  /** Streams whose last line has not ended, and whether its beginning was wanted: what goes on there gets no time of its own. */
  const open = new Map<string, boolean>();
  return (line) => {
    const head = parseLogLineHead(line);
    if (head === undefined) return undefined;
    const { time, stream, isPartial, length } = head;
    const begun = open.get(stream);
    const isWanted = begun ?? ((since === undefined || time >= since) && (until === undefined || time <= until));
    if (isPartial) open.set(stream, isWanted);
    else open.delete(stream);
    if (!isWanted) return undefined;
    const text = line.subarray(length, isPartial ? line.length - 1 : line.length);
    const payload = hasTimestamps && begun === undefined ? Buffer.concat([Buffer.from(`${time} `), text]) : text;
    return formatFrame(stream, payload);
  };
}
