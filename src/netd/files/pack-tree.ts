/**
 * Writes a file or a directory of a container as a tar. Everything is opened from its directory's descriptor, and nothing is followed.
 *
 * @module
 */
import { closeSync, createReadStream, fstatSync, readdirSync, type Stats } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { openEntry, readLink, reopen } from "../../kernel/index.ts";

type NewHeader = Parameters<Pack["entry"]>[0];

/** Pack what `fd` names, as `name`; takes the descriptor over, and closes it in the end. */
export function packTree(fd: number, name: string): Readable {
  const tar = pack();
  packEntry(tar, fd, name)
    .then(() => tar.finalize())
    .catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))))
    .finally(() => closeSync(fd));
  return tar as unknown as Readable;
}

async function packEntry(tar: Pack, fd: number, name: string): Promise<void> {
  const status = fstatSync(fd);
  const header = headerOf(status, name);
  if (status.isDirectory()) {
    await put(tar, { ...header, name: `${name}/`, type: "directory" });
    await packChildren(tar, fd, name);
  } else if (status.isFile()) await packFile(tar, fd, header);
  else if (status.isSymbolicLink()) {
    await put(tar, { ...header, type: "symlink", linkname: readLink(fd) });
  } else if (status.isFIFO()) await put(tar, { ...header, type: "fifo" });
  else if (status.isCharacterDevice() || status.isBlockDevice()) {
    const devmajor = (status.rdev >>> 8) & 0xfff;
    const devminor = (status.rdev & 0xff) | ((status.rdev >>> 12) & 0xfff00);
    await put(tar, {
      ...header,
      type: status.isBlockDevice() ? "block-device" : "character-device",
      devmajor,
      devminor,
    });
  }
}

async function packChildren(tar: Pack, fd: number, name: string): Promise<void> {
  const directory = reopen(fd);
  try {
    for (const child of readdirSync(`/proc/self/fd/${directory}`).sort()) {
      let childFd: number;
      try {
        childFd = openEntry(directory, child);
      } catch {
        // Gone in the meantime.
        continue;
      }
      try {
        await packEntry(tar, childFd, `${name}/${child}`);
      } finally {
        closeSync(childFd);
      }
    }
  } finally {
    closeSync(directory);
  }
}

/** A file may grow or shrink while it is read: it has the size that it had at first, filled up with zeroes. */
async function packFile(tar: Pack, fd: number, header: NewHeader): Promise<void> {
  const size = header.size ?? 0;
  if (size === 0) return await put(tar, header);
  const entry = tar.entry(header);
  const content = createReadStream("", { fd: reopen(fd), end: size - 1 });
  await pipeline(content, exactly(size), entry as unknown as NodeJS.WritableStream);
}

function exactly(size: number) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let rest = size;
    for await (const chunk of source) {
      rest -= chunk.length;
      yield chunk;
    }
    for (; rest > 0; rest -= Math.min(rest, 1 << 16)) yield Buffer.alloc(Math.min(rest, 1 << 16));
  };
}

function put(tar: Pack, header: NewHeader): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, (error) => (error == null ? resolve() : reject(error)));
  });
}

function headerOf(status: Stats, name: string): NewHeader {
  const { mode, uid, gid, mtime } = status;
  return { name, mode: mode & 0o7777, uid, gid, mtime, size: status.isFile() ? status.size : 0 };
}
