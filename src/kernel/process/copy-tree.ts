/**
 * Copies a directory tree with owners, modes, times and extended attributes, one open directory after the other: a link that somebody puts
 * in the way is never followed.
 *
 * @module
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  symlinkSync,
  writeSync,
} from "node:fs";
import { check } from "../errno.ts";
import { mknodat } from "../libc.ts";
import { copyAttributes } from "../xattr.ts";
import { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } from "./open-flags.ts";

const CHUNK_BYTES = 1 << 17;
/** Tell of progress at least so often, in bytes. */
const PROGRESS_BYTES = 1 << 24;

/** How {@link copyTree} goes about it. */
export interface CopyTreeOptions {
  /** Called now and then, so that whoever waits knows that it goes on. */
  onProgress?: () => void;
}

/**
 * Copy what is in the directory `fromFd` into the directory `toFd`, which also gets its owner, mode and times. Both may be O_PATH
 * descriptors. Sockets are left out. A file that is there already is an error.
 */
export function copyTree(fromFd: number, toFd: number, options: CopyTreeOptions = {}): void {
  const from = openSync(`/proc/self/fd/${fromFd}`, O_RDONLY | O_DIRECTORY);
  const to = openSync(`/proc/self/fd/${toFd}`, O_RDONLY | O_DIRECTORY);
  try {
    copyDirectory(from, to, { ...options, chunk: Buffer.allocUnsafe(CHUNK_BYTES), sinceProgress: 0 });
  } finally {
    closeSync(from);
    closeSync(to);
  }
}

interface Copying extends CopyTreeOptions {
  chunk: Buffer;
  sinceProgress: number;
}

function copyDirectory(from: number, to: number, copying: Copying): void {
  for (const name of readdirSync(`/proc/self/fd/${from}`)) copyEntry(from, to, name, copying);
  finish(from, to, fstatSync(from));
}

function copyEntry(fromDir: number, toDir: number, name: string, copying: Copying): void {
  const from = `/proc/self/fd/${fromDir}/${name}`;
  const to = `/proc/self/fd/${toDir}/${name}`;
  const status = lstatSync(from);
  if (status.isDirectory()) {
    mkdirSync(to, { mode: 0o700 });
    inBoth(from, O_DIRECTORY, to, O_RDONLY | O_DIRECTORY, (source, target) => copyDirectory(source, target, copying));
  } else if (status.isFile()) {
    inBoth(from, O_NONBLOCK, to, O_WRONLY | O_CREAT | O_EXCL, (source, target) => {
      copyContent(source, target, copying);
      finish(source, target, status);
    });
  } else if (status.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
    lchownSync(to, status.uid, status.gid);
    lutimesSync(to, status.atime, status.mtime);
  } else if (!status.isSocket()) {
    check(mknodat(toDir, name, status.mode, status.rdev), () => `mknod ${name}`);
    lchownSync(to, status.uid, status.gid);
    // No chmod: there is no umask, and the name may be a symlink by now, as a volume is shared with others.
    lutimesSync(to, status.atime, status.mtime);
  }
}

function inBoth(
  from: string,
  fromFlags: number,
  to: string,
  toFlags: number,
  use: (source: number, target: number) => void,
): void {
  const source = openSync(from, O_RDONLY | O_NOFOLLOW | fromFlags);
  try {
    const target = openSync(to, toFlags | O_NOFOLLOW, 0o600);
    try {
      use(source, target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

function copyContent(source: number, target: number, copying: Copying): void {
  const { chunk } = copying;
  for (let length = readSync(source, chunk); length > 0; length = readSync(source, chunk)) {
    for (let at = 0; at < length; ) at += writeSync(target, chunk, at, length - at);
    copying.sinceProgress += length;
    if (copying.sinceProgress < PROGRESS_BYTES) continue;
    copying.sinceProgress = 0;
    copying.onProgress?.();
  }
}

/** Owner first: a change of owner clears the set-id bits and file capabilities, chown(2). */
function finish(source: number, target: number, status: Stats): void {
  fchownSync(target, status.uid, status.gid);
  fchmodSync(target, status.mode & 0o7777);
  copyAttributes(source, target);
  futimesSync(target, status.atime, status.mtime);
}
