/**
 * Writes a root file system from hostile instructions: every path is resolved below one directory, component by component, and no
 * symbolic link is ever followed on the way, so that nothing outside can be reached.
 *
 * Source: openat2(2), linux/openat2.h.
 *
 * @module
 */
import { chmodSync, closeSync, fchmodSync, fchownSync, fstatSync, futimesSync, lutimesSync, rmSync } from "node:fs";
import { check, KernelError } from "./errno.ts";
import {
  fchownat,
  lastErrno,
  linkat,
  mkdirat,
  mknodat,
  open,
  openat2,
  symlinkat,
  syncFileSystem,
  unlinkat,
} from "./libc.ts";

// fcntl.h
const O_WRONLY = 1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_DIRECTORY = 0o200000;
const O_NOFOLLOW = 0o400000;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const AT_SYMLINK_NOFOLLOW = 0x100;
// linux/openat2.h
const RESOLVE_NO_XDEV = 0x01n;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;
// errno.h
const ENOENT = 2;
const EEXIST = 17;
const EISDIR = 21;
// sys/stat.h
const NODE_TYPE = { fifo: 0o010000, "character-device": 0o020000, "block-device": 0o060000 } as const;

/** Owner, permissions and time of a file. */
export interface FileAttributes {
  /** Permission bits, set-id and sticky bits included. */
  mode: number;
  uid: number;
  gid: number;
  /** Modification time in seconds since 1970. */
  mtime: number;
}

/** A special file. `major` and `minor` are 0 for a FIFO. */
export interface SpecialFile {
  kind: keyof typeof NODE_TYPE;
  major: number;
  minor: number;
}

/** What a {@link RootfsTree} is like. */
export interface RootfsTreeOptions {
  /**
   * Others write to it at the same time, and things are mounted in it: mounts are crossed, and a directory is never replaced by anything else, as it
   * could not be removed without paths.
   */
  isLive?: boolean;
}

/** A path below the root, as components: none is empty, `.`, `..` or has a slash. The root itself is the empty list. */
export type TreePath = readonly string[];

/**
 * A directory that becomes a root file system. What is written replaces what was there, as tar does it; a directory stays when a
 * directory is written again. Parents that are missing are made, and keep their times when something is put into them.
 *
 * Every method throws a {@link KernelError}: `ELOOP` when a symbolic link is in the way, `ENOTDIR` when a file is.
 */
export class RootfsTree implements Disposable {
  readonly #root: number;
  readonly #isLive: boolean;

  /** Open the existing directory `path`, which the caller trusts. */
  constructor(path: string, { isLive = false }: RootfsTreeOptions = {}) {
    this.#isLive = isLive;
    this.#root = check(open(path, O_DIRECTORY | O_CLOEXEC, 0), () => `open(${path}, O_DIRECTORY)`);
  }

  /** Make a directory, or give one that is there these attributes. */
  writeDirectory(path: TreePath, attributes: FileAttributes): void {
    if (path.length === 0) {
      setAttributes(this.#root, attributes);
      return;
    }
    this.#inParent(path, (parent, name) => {
      if (mkdirat(parent, name, 0o700) < 0) {
        if (lastErrno() !== EEXIST) throw new KernelError(`mkdirat(${path.join("/")})`, lastErrno());
        // A file or a symbolic link of that name makes room; a directory stays with its content.
        if (unlinkat(parent, name, 0) === 0) check(mkdirat(parent, name, 0o700), () => `mkdirat(${path.join("/")})`);
      }
      const fd = this.#open(parent, name, O_DIRECTORY | O_NOFOLLOW);
      try {
        setAttributes(fd, attributes);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Create an empty file and return its descriptor for writing; the caller calls {@link finishFile} and closes it. */
  createFile(path: TreePath): number {
    return this.#inParent(path, (parent, name) => {
      this.#remove(parent, name);
      return this.#open(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    });
  }

  /** Give a file that was written its attributes. */
  finishFile(fd: number, attributes: FileAttributes): void {
    setAttributes(fd, attributes);
  }

  /** Create a symbolic link; its target is only text here. */
  createSymlink(path: TreePath, target: string, attributes: FileAttributes): void {
    this.#inParent(path, (parent, name) => {
      this.#remove(parent, name);
      check(symlinkat(target, parent, name), () => `symlinkat(${target}, ${path.join("/")})`);
      setEntryAttributes(parent, name, attributes);
    });
  }

  /** Create another name for `existing`, which must be in the tree and is not followed when it is a symbolic link. */
  createHardLink(path: TreePath, existing: TreePath): void {
    if (path.join("/") === existing.join("/")) return;
    this.#inParent(existing, (fromParent, from) => {
      this.#inParent(path, (parent, name) => {
        this.#remove(parent, name);
        check(linkat(fromParent, from, parent, name, 0), () => `linkat(${existing.join("/")}, ${path.join("/")})`);
      });
    });
  }

  /** Create a FIFO or a device node. */
  createSpecial(path: TreePath, file: SpecialFile, attributes: FileAttributes): void {
    this.#inParent(path, (parent, name) => {
      this.#remove(parent, name);
      const device = deviceNumber(file.major, file.minor);
      check(
        mknodat(parent, name, NODE_TYPE[file.kind] | 0o600, device),
        () => `mknodat(${path.join("/")}, ${file.kind})`,
      );
      setEntryAttributes(parent, name, attributes);
      // By descriptor, as fchmodat(2) has no flag for "do not follow" before Linux 6.6, and somebody may put a link in its place.
      const fd = this.#open(parent, name, O_PATH | O_NOFOLLOW);
      try {
        chmodSync(`/proc/self/fd/${fd}`, attributes.mode);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Wait until everything written is on the disk. */
  async sync(): Promise<void> {
    await syncFileSystem(this.#root);
  }

  [Symbol.dispose](): void {
    closeSync(this.#root);
  }

  #open(dirFd: number, path: string, flags: number, mode = 0): number {
    return openBeneath(dirFd, path, flags, mode, this.#isLive);
  }

  /** Make room for an entry. */
  #remove(parent: number, name: string): void {
    if (!this.#isLive) removeEntry(parent, name);
    else if (unlinkat(parent, name, 0) < 0 && lastErrno() !== ENOENT)
      throw new KernelError(`replace(${name})`, lastErrno());
  }

  /** Run `use` with a descriptor of the parent directory and the last component; the parent keeps its times. */
  #inParent<T>(path: TreePath, use: (parent: number, name: string) => T): T {
    const name = path.at(-1);
    if (name === undefined) throw new KernelError("replace(/)", EISDIR);
    const parent = this.#openParent(path.slice(0, -1));
    try {
      const { atime, mtime } = fstatSync(parent);
      const result = use(parent, name);
      futimesSync(parent, atime, mtime);
      return result;
    } finally {
      closeSync(parent);
    }
  }

  #openParent(path: TreePath): number {
    const text = path.length === 0 ? "." : path.join("/");
    try {
      return this.#open(this.#root, text, O_DIRECTORY);
    } catch (error) {
      if (!(error instanceof KernelError) || error.errno !== ENOENT) throw error;
    }
    this.#inParent(path, (parent, name) => {
      if (mkdirat(parent, name, 0o755) < 0 && lastErrno() !== EEXIST)
        throw new KernelError(`mkdirat(${text})`, lastErrno());
    });
    return this.#open(this.#root, text, O_DIRECTORY);
  }
}

/** Open `path` below the directory `dirFd`, following no link of any kind, and crossing a mount only when `crosses`. */
function openBeneath(dirFd: number, path: string, flags: number, mode: number, crosses: boolean): number {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | (crosses ? 0n : RESOLVE_NO_XDEV),
    16,
  );
  return check(openat2(dirFd, path, how), () => `openat2(${path}, RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS)`);
}

/** Remove what has this name in a directory, a whole tree if need be; its links are not followed. */
function removeEntry(parent: number, name: string): void {
  if (unlinkat(parent, name, 0) === 0 || lastErrno() === ENOENT) return;
  rmSync(entryPath(parent, name), { recursive: true, force: true });
}

function setAttributes(fd: number, { mode, uid, gid, mtime }: FileAttributes): void {
  // Before the mode: a change of owner clears the set-id bits, chown(2).
  fchownSync(fd, uid, gid);
  fchmodSync(fd, mode);
  futimesSync(fd, mtime, mtime);
}

function setEntryAttributes(parent: number, name: string, { uid, gid, mtime }: FileAttributes): void {
  check(fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW), () => `fchownat(${name})`);
  lutimesSync(entryPath(parent, name), mtime, mtime);
}

/** A path that means `name` in the very directory of this descriptor, for calls that take no descriptor; proc(5). */
function entryPath(parent: number, name: string): string {
  return `/proc/self/fd/${parent}/${name}`;
}

/** Pack a device number as glibc's makedev(3) does. Below 2^53, as the kernel has 12 bits of major and 20 of minor. */
function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor & 0xfff00) * 0x1000;
}
