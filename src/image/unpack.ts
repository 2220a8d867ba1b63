/**
 * Unpacks an archive into a directory: each kind of entry to the call that makes it.
 *
 * @module
 */
import { close, write } from "node:fs";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { type FileAttributes, RootfsTree, type RootfsTreeOptions } from "../kernel/index.ts";
import { corruptArchive, entryError } from "./archive-error.ts";
import { type ArchiveEntry, type ArchiveLimits, readArchive, type TarHeader } from "./archive-reader.ts";
import { checkLinkTarget, parseEntryPath, quoteName } from "./entry-path.ts";

/** What came out of an archive. */
export interface UnpackedArchive {
  /** SHA-256 of the archive as it came, in hexadecimal digits. */
  digest: string;
  /** Bytes of all regular files. */
  sizeBytes: number;
}

/** Highest id that is not (uid_t)-1. */
const MAX_ID = 0xffff_fffe;
/** Largest 32-bit time with room for any sane clock; what is beyond becomes 0. */
const MAX_MTIME = 2 ** 34;

const writeAsync = promisify(write);
const closeAsync = promisify(close);

/**
 * Unpack a tar or tar.gz below the existing directory `root`; everything is on the disk when it resolves.
 *
 * Entries replace earlier ones of their name. Nothing outside `root` can be changed or linked to.
 *
 * @throws {NetdError} IMAGE_ARCHIVE_CORRUPT, IMAGE_ARCHIVE_UNSAFE, IMAGE_TOO_LARGE, STATE_WRITE_FAILED; `root` is then half full
 */
export async function unpackArchive(
  archive: Readable,
  root: string,
  limits: ArchiveLimits & RootfsTreeOptions,
): Promise<UnpackedArchive> {
  using tree = new RootfsTree(root, limits);
  let sizeBytes = 0;
  const digest = await readArchive(archive, limits, async (entry) => {
    try {
      sizeBytes += await placeEntry(tree, entry);
    } catch (error) {
      throw entryError(entry.header.name, entry.where, error);
    }
  });
  if (limits.isLive !== true) await tree.sync();
  return { digest, sizeBytes };
}

/** Make what one entry describes, and return how many bytes of content it has. */
async function placeEntry(tree: RootfsTree, { header, where, content }: ArchiveEntry): Promise<number> {
  const path = parseEntryPath(header.name);
  const attributes = attributesOf(header, where);
  const { type } = header;
  if (type === "file" || type === "contiguous-file") {
    if (Object.keys(header.pax ?? {}).some((key) => key.startsWith("GNU.sparse."))) {
      throw corruptArchive(`entry ${quoteName(header.name)} is a sparse file, which is not supported`, where);
    }
    return await placeFile(tree, path, attributes, content);
  }
  content.resume();
  switch (type) {
    case "directory":
      tree.writeDirectory(path, attributes);
      return 0;
    case "symlink":
      tree.createSymlink(path, checkLinkTarget(header.name, linkTarget(header, where)), attributes);
      return 0;
    case "link":
      tree.createHardLink(path, parseEntryPath(linkTarget(header, where)));
      return 0;
    case "fifo":
      tree.createSpecial(path, { kind: type, major: 0, minor: 0 }, attributes);
      return 0;
    case "character-device":
    case "block-device":
      tree.createSpecial(path, { kind: type, major: header.devmajor, minor: header.devminor }, attributes);
      return 0;
    default:
      throw corruptArchive(`entry ${quoteName(header.name)} is of a type that is not supported`, where);
  }
}

async function placeFile(
  tree: RootfsTree,
  path: readonly string[],
  attributes: FileAttributes,
  content: AsyncIterable<Buffer>,
): Promise<number> {
  const fd = tree.createFile(path);
  let size = 0;
  try {
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await writeAsync(fd, chunk, at, chunk.length - at, null);
        at += bytesWritten;
      }
      size += chunk.length;
    }
    tree.finishFile(fd, attributes);
  } finally {
    await closeAsync(fd);
  }
  return size;
}

/** Owner, mode and time of an entry; extended headers (pax) override the fixed fields, which are too narrow for some ids. */
function attributesOf(header: TarHeader, where: number): FileAttributes {
  const uid = Number(header.pax?.uid ?? header.uid);
  const gid = Number(header.pax?.gid ?? header.gid);
  const isId = (id: number) => Number.isInteger(id) && id >= 0 && id <= MAX_ID;
  if (!isId(uid) || !isId(gid))
    throw corruptArchive(`entry ${quoteName(header.name)} has an owner that is no user id`, where);
  const mtime = Number(header.pax?.mtime ?? header.mtime.getTime() / 1000);
  return { mode: header.mode & 0o7777, uid, gid, mtime: Math.abs(mtime) <= MAX_MTIME ? mtime : 0 };
}

function linkTarget(header: TarHeader, where: number): string {
  if (header.linkname) return header.linkname;
  throw corruptArchive(`entry ${quoteName(header.name)} is a link without a target`, where);
}
