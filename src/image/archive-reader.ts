/**
 * Reads an archive as a stream: digest, decompression, limits, entries. Memory does not grow with the archive.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type Extract, extract, type Header } from "tar-stream";
import { NetdError } from "../errors.ts";
import { archiveTooLarge, corruptArchive } from "./archive-error.ts";

/** How much an archive may unpack to. */
export interface ArchiveLimits {
  /** Bytes of the tar, decompressed. */
  maxBytes: number;
  maxEntries: number;
}

/** A header as tar-stream gives it, with what its types leave out. */
export type TarHeader = Omit<Header, "type" | "linkname" | "pax"> & {
  /** Null for a type letter that tar-stream does not know. */
  type: Header["type"] | null;
  linkname: string | null;
  /** Records of extended headers (pax), values as text. */
  pax: Record<string, string> | null;
  /** Where the content begins in the decompressed archive. */
  byteOffset: number;
};

/** One entry and where its header ends in the decompressed archive. */
export interface ArchiveEntry {
  header: TarHeader;
  where: number;
  /** The content; must be read to its end, or resumed. */
  content: AsyncIterable<Buffer> & { resume(): void };
}

/** tar's unit, in bytes. */
const BLOCK = 512;

/** First bytes of compressed formats that are not gzip, with the program that undoes each. */
const OTHER_FORMATS: [magic: number[], program: string][] = [
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd"],
  [[0x42, 0x5a, 0x68], "bzip2"],
  [[0x50, 0x4b, 0x03, 0x04], "unzip"],
];

/**
 * Read a tar or tar.gz to its end and hand every entry to `onEntry`, one at a time. When it fails, `archive` is left as it is, to be
 * closed by the caller.
 *
 * @returns the SHA-256 of the archive as it came, in hexadecimal digits
 * @throws {NetdError} IMAGE_ARCHIVE_CORRUPT, IMAGE_TOO_LARGE, or what `onEntry` throws
 */
export async function readArchive(
  archive: Readable,
  limits: ArchiveLimits,
  onEntry: (entry: ArchiveEntry) => Promise<void>,
): Promise<string> {
  const { magic, stream } = await peek(archive);
  checkMagic(magic);
  const hash = createHash("sha256");
  const counter = new TailCounter(limits.maxBytes);
  // Headers older than ustar are taken, too; their checksum guards them.
  const unpacker = extract({ allowUnknownFormat: true } as Parameters<typeof extract>[0]);
  const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
  const stages = isGzip ? [createGunzip({ chunkSize: 1 << 16 })] : [];
  const source = tap(stream, (chunk) => hash.update(chunk));
  const pumping = pipeline([source, ...stages, counter, asWritable(unpacker)]).then(
    () => undefined,
    (error: unknown) => error ?? new Error("interrupted"),
  );
  let failure: unknown;
  let contentEnd = 0;
  let entries = 0;
  try {
    for await (const content of unpacker) {
      const header = content.header as unknown as TarHeader;
      const where = header.byteOffset;
      const size = header.type === "directory" ? 0 : header.size;
      contentEnd = where + Math.ceil(size / BLOCK) * BLOCK;
      entries += 1;
      if (entries > limits.maxEntries) throw archiveTooLarge(`it has more than ${limits.maxEntries} entries`);
      if (contentEnd > limits.maxBytes) throw tooManyBytes(limits.maxBytes);
      await onEntry({ header, where, content: content as unknown as ArchiveEntry["content"] });
    }
  } catch (error) {
    failure = error;
  }
  const pumpFailure = await pumping;
  failure ??= pumpFailure;
  if (failure !== undefined) throw failure instanceof NetdError ? failure : readError(failure, counter.bytes);
  checkEnd(counter, contentEnd);
  return hash.digest("hex");
}

/** Counts what passes, the zeroes at its end included, and stops at a limit. */
class TailCounter extends Transform {
  bytes = 0;
  /** Length of the run of zero bytes at the end, as far as it was looked at. */
  zeroes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: Error | null, chunk?: Buffer) => void): void {
    this.bytes += chunk.length;
    if (this.bytes > this.#maxBytes) {
      done(tooManyBytes(this.#maxBytes));
      return;
    }
    // A block of them is all that anybody asks for.
    const first = Math.max(0, chunk.length - BLOCK);
    let at = chunk.length;
    while (at > first && chunk[at - 1] === 0) at -= 1;
    this.zeroes = at === 0 ? this.zeroes + chunk.length : chunk.length - at;
    done(null, chunk);
  }
}

/** Tell a whole archive from one that was cut between two entries: it ends with a block of zeroes (POSIX ustar; tar writes two). */
function checkEnd(counter: TailCounter, contentEnd: number): void {
  if (counter.bytes === 0) throw corruptArchive("it is empty", 0);
  if (Math.min(counter.zeroes, counter.bytes - contentEnd) < BLOCK) {
    throw corruptArchive("it ends without its end-of-archive block", counter.bytes);
  }
}

function checkMagic(magic: Buffer): void {
  for (const [bytes, program] of OTHER_FORMATS) {
    if (!bytes.every((byte, at) => magic[at] === byte)) continue;
    throw new NetdError(
      "IMAGE_ARCHIVE_CORRUPT",
      `Cannot read the archive: it is compressed for ${program}, tar or gzip wanted`,
      {
        remedy: `Decompress it with ${program} first`,
      },
    );
  }
}

function readError(error: unknown, where: number): NetdError {
  const { code, message } = error as NodeJS.ErrnoException;
  const isCut = message === "Unexpected end of data" || code === "Z_BUF_ERROR" || code === "ERR_STREAM_PREMATURE_CLOSE";
  return corruptArchive(isCut ? "it is cut off" : `it is damaged (${message.split(".")[0]})`, where, error);
}

function tooManyBytes(maxBytes: number): NetdError {
  return archiveTooLarge(`it is larger than ${maxBytes} bytes unpacked`);
}

/**
 * Read the first bytes of a stream and give them back with the stream they are still in. The stream stays open when reading stops early:
 * its owner may have to answer on the connection it comes from.
 */
async function peek(archive: Readable): Promise<{ magic: Buffer; stream: AsyncIterable<Buffer> }> {
  const chunks = archive.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 6) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const stream = (async function* () {
    if (head.length > 0) yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  })();
  return { magic: head.subarray(0, 6), stream };
}

/** Pass a stream on, showing every chunk. */
function tap(stream: AsyncIterable<Buffer>, see: (chunk: Buffer) => void): Readable {
  return Readable.from(
    (async function* () {
      for await (const chunk of stream) {
        see(chunk);
        yield chunk;
      }
    })(),
    { objectMode: false },
  );
}

/** Tell TypeScript that a stream of streamx, which tar-stream is made with, does for a pipeline. */
function asWritable(unpacker: Extract): NodeJS.WritableStream {
  return unpacker as unknown as NodeJS.WritableStream;
}
