/**
 * The root file systems of containers as descriptors, to be looked into and written to from outside. Everything in them is hostile: paths are
 * resolved by openat2(2) as if the descriptor were /, and no link leads out.
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";
import { check } from "./errno.ts";
import { close, open, openat2, readlinkat } from "./libc.ts";
import { attachMount, cloneMount, createFilesystem } from "./process/mount-attributes.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY } from "./process/open-flags.ts";
import { openInRoot } from "./process/root-path.ts";

/** Layers of a root file system. */
export interface OverlayLayers {
  /** Uppermost first. */
  lower: readonly string[];
  /** Absent: the layers alone, read-only. */
  upper?: { upper: string; work: string };
  /** What is mounted in it: paths of the host, and where. */
  binds?: readonly { source: string; target: string }[];
}

// linux/limits.h
const PATH_MAX = 4096;
// linux/openat2.h
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;

/** Open the root of a running process, with all that is mounted in it; the caller closes it, after it has seen that the process is the right one. */
export function openProcessRoot(pid: number): number {
  return check(open(`/proc/${pid}/root`, O_PATH | O_DIRECTORY | O_CLOEXEC, 0), () => `open(/proc/${pid}/root)`);
}

/**
 * Mount an overlay, and what belongs into it, on nothing: it is there as long as its descriptor, which the caller closes.
 *
 * @throws {KernelError} when a bind can't be put into it: Linux before 6.15 mounts nothing into what is detached
 */
export function openOverlayRoot({ lower, upper, binds = [] }: OverlayLayers): number {
  const [only] = lower;
  if (upper === undefined && lower.length === 1 && only !== undefined) {
    return check(open(only, O_PATH | O_DIRECTORY | O_CLOEXEC, 0), () => `open(${only})`);
  }
  const options = lower.map((path) => `lowerdir+=${path}`);
  if (upper !== undefined) options.push(`upperdir=${upper.upper}`, `workdir=${upper.work}`);
  const rootFd = createFilesystem("overlay", "overlay", options, []);
  try {
    for (const bind of binds) attachBind(rootFd, bind);
    return rootFd;
  } catch (error) {
    close(rootFd);
    throw error;
  }
}

/** Open a path of such a root without access to its content; its last link is followed, within the root, when `follows`. The caller closes it. */
export function openPathInRoot(rootFd: number, path: string, follows: boolean): number {
  return openInRoot(rootFd, path === "" ? "/" : path, O_PATH | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW));
}

/** Open an entry of a directory, never following it when it is a link. The caller closes it. */
export function openEntry(dirFd: number, name: string): number {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(O_PATH | O_NOFOLLOW | O_CLOEXEC), 0);
  how.writeBigUInt64LE(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, 16);
  return check(openat2(dirFd, name, how), () => `openat2(${name})`);
}

/** Open for reading what a descriptor of {@link openEntry} or {@link openPathInRoot} names: a file or a directory. The caller closes it. */
export function reopen(fd: number): number {
  return openSync(`/proc/self/fd/${fd}`, O_RDONLY);
}

/** Read where a symbolic link leads that a descriptor of {@link openEntry} or {@link openPathInRoot} names. */
export function readLink(fd: number): string {
  const buffer = Buffer.alloc(PATH_MAX);
  const length = check(Number(readlinkat(fd, "", buffer, buffer.length)), () => "readlinkat");
  return buffer.toString("utf8", 0, length);
}

function attachBind(rootFd: number, { source, target }: { source: string; target: string }): void {
  const mountFd = cloneMount(AT_FDCWD, source, true);
  try {
    const targetFd = openPathInRoot(rootFd, target, false);
    try {
      attachMount(mountFd, targetFd, target);
    } finally {
      closeSync(targetFd);
    }
  } finally {
    closeSync(mountFd);
  }
}
