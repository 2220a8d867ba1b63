/**
 * Packs files of this machine as a tar, and unpacks one here. Loaded by `cp` only.
 *
 * @module
 */
import {
  closeSync,
  constants,
  createReadStream,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header, type Pack, pack } from "tar-stream";
import { NetdError } from "../errors.ts";

type NewHeader = Parameters<Pack["entry"]>[0];

/** How a copy treats owners. */
export interface CopyArchiveOptions {
  /** Keep them; otherwise files belong to root in a container, and to us here. */
  keepsOwners: boolean;
}

/** Pack a file or directory as `name`. What a link at its top points to is packed when `follows`. */
export function packHere(
  path: string,
  name: string,
  { keepsOwners, follows }: CopyArchiveOptions & { follows: boolean },
): AsyncIterable<Buffer> {
  const tar = pack();
  packEntry(tar, path, name, { keepsOwners, follows })
    .then(() => tar.finalize())
    .catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  return tar as unknown as AsyncIterable<Buffer>;
}

async function packEntry(
  tar: Pack,
  path: string,
  name: string,
  options: CopyArchiveOptions & { follows: boolean },
): Promise<void> {
  const status = options.follows ? statSync(path) : lstatSync(path);
  const { mtime } = status;
  const [uid, gid] = options.keepsOwners ? [status.uid, status.gid] : [0, 0];
  const header: NewHeader = { name, mode: status.mode & 0o7777, uid, gid, mtime };
  if (status.isDirectory()) {
    // The directory that gets the content keeps its own mode.
    if (name !== ".") await put(tar, { ...header, name: `${name}/`, type: "directory" });
    for (const child of readdirSync(path).sort()) {
      await packEntry(tar, join(path, child), `${name}/${child}`, { ...options, follows: false });
    }
  } else if (status.isFile()) {
    if (status.size === 0) return await put(tar, { ...header, size: 0 });
    const entry = tar.entry({ ...header, size: status.size });
    await pipeline(createReadStream(path, { end: status.size - 1 }), entry as unknown as NodeJS.WritableStream);
  } else if (status.isSymbolicLink()) await put(tar, { ...header, type: "symlink", linkname: readlinkSync(path) });
  else if (status.isFIFO()) await put(tar, { ...header, type: "fifo" });
}

function put(tar: Pack, header: NewHeader): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, (error) => (error == null ? resolve() : reject(error)));
  });
}

/**
 * Unpack a tar in an existing directory. The tar is not trusted: nothing is written through a link, nor above the directory.
 *
 * @throws {NetdError} IMAGE_ARCHIVE_UNSAFE, PATH_MISSING
 */
export async function unpackHere(
  archive: AsyncIterable<Buffer>,
  directory: string,
  { keepsOwners }: CopyArchiveOptions,
): Promise<void> {
  const unpacker = extract();
  const pumping = pipeline(Readable.from(archive), unpacker as unknown as NodeJS.WritableStream).then(
    () => undefined,
    (error: unknown) => error,
  );
  const directories: { path: string; header: Header }[] = [];
  for await (const entry of unpacker) {
    const { header } = entry;
    const path = placeOf(directory, header.name);
    if (path !== directory) checkParents(directory, path);
    if (header.type === "directory") {
      makeDirectory(path);
      directories.push({ path, header });
    } else if (header.type === "symlink") makeLink(path, header, keepsOwners);
    else if (header.type === "file" || header.type === "contiguous-file") {
      await writeFile(path, entry as unknown as AsyncIterable<Buffer>, header, keepsOwners);
    }
    entry.resume();
  }
  const failure = await pumping;
  if (failure !== undefined) throw failure;
  // Last, as what is written into a directory changes its time, and its mode may forbid writing.
  for (const { path, header } of directories.toReversed()) {
    if (path !== directory)
      withFile(path, constants.O_RDONLY | constants.O_DIRECTORY, (fd) => finish(fd, header, keepsOwners));
  }
}

function placeOf(directory: string, name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw unsafe(name, "it leads out");
  return parts.length === 0 ? directory : join(directory, ...parts);
}

/** Nothing between the directory and the entry may be a link. */
function checkParents(directory: string, path: string): void {
  for (let at = dirname(path); at.length > directory.length; at = dirname(at)) {
    if (lstatSync(at, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw unsafe(path, "it lies below a link or a file");
  }
}

function makeDirectory(path: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory() === true) return;
  if (status !== undefined) throw kindDiffers(path, "a file", "a directory");
  mkdirSync(path, { mode: 0o700 });
}

function makeLink(path: string, header: Header, keepsOwners: boolean): void {
  makeRoom(path);
  symlinkSync(header.linkname ?? "", path);
  if (keepsOwners) lchownSync(path, header.uid ?? 0, header.gid ?? 0);
  if (header.mtime !== undefined) lutimesSync(path, header.mtime, header.mtime);
}

async function writeFile(
  path: string,
  content: AsyncIterable<Buffer>,
  header: Header,
  keepsOwners: boolean,
): Promise<void> {
  makeRoom(path);
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    }
    finish(fd, header, keepsOwners);
  } finally {
    closeSync(fd);
  }
}

function makeRoom(path: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory() === true) throw kindDiffers(path, "a directory", "a file");
  if (status !== undefined) unlinkSync(path);
}

function withFile(path: string, flags: number, use: (fd: number) => void): void {
  const fd = openSync(path, flags | constants.O_NOFOLLOW);
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}

function finish(fd: number, header: Header, keepsOwners: boolean): void {
  if (keepsOwners) fchownSync(fd, header.uid ?? 0, header.gid ?? 0);
  fchmodSync(fd, header.mode ?? 0o600);
  if (header.mtime !== undefined) futimesSync(fd, header.mtime, header.mtime);
}

function unsafe(name: string, why: string): NetdError {
  return new NetdError("IMAGE_ARCHIVE_UNSAFE", `Cannot unpack '${name}': ${why}`, {
    remedy: "Copy smaller parts, to an empty directory",
  });
}

function kindDiffers(path: string, now: string, wanted: string): NetdError {
  return new NetdError("PATH_MISSING", `Cannot copy to '${path}': it is ${now}, ${wanted} wanted`, {
    remedy: "Copy to another path, or remove it first",
  });
}
