/**
 * Paths inside a root file system that nobody trusts.
 *
 * Everything goes through openat2(2) with RESOLVE_IN_ROOT, so that no symlink, `..` or magic link of the image leads out of it. A mount
 * point itself may not be a symlink at all: the mount would land where the image wants it.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { close, lastErrno, mkdirat, openat2 } from "../libc.ts";
import { S_IFDIR, S_IFLNK, statusOf } from "./file-status.ts";
import { O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, O_WRONLY } from "./open-flags.ts";

/** Bits of open_how.resolve (linux/openat2.h). */
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;
const RESOLVE_IN_ROOT = 0x10n;

const ENOENT = 2;
const EAGAIN = 11;
const EEXIST = 17;
const ENOTDIR = 20;
const ELOOP = 40;

const how = Buffer.alloc(24);

/** Open `path` as if `rootFd` were "/". Returns the descriptor or a negative errno; the caller closes it. */
export function tryOpenInRoot(rootFd: number, path: string, flags: number): number {
  return openat2With(rootFd, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/** Like {@link tryOpenInRoot}. @throws {KernelError} when it cannot be opened */
export function openInRoot(rootFd: number, path: string, flags: number): number {
  const fd = tryOpenInRoot(rootFd, path, flags);
  if (fd < 0) throw new KernelError(`open ${path} in the root file system`, -fd);
  return fd;
}

/**
 * Open the existing file at `path`, which may not be a symlink, as a place to mount on. Returns -1 when there is nothing.
 *
 * @throws {NetdError} LAUNCH_FAILED when it is a symlink
 */
export function findMountPoint(rootFd: number, path: string): number {
  const fd = tryOpenInRoot(rootFd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd === -ENOENT || fd === -ENOTDIR) return -1;
  if (fd < 0) throw new KernelError(`open ${path} in the root file system`, -fd);
  if (statusOf(fd).type === S_IFLNK) {
    close(fd);
    throw symlinkRefused(path);
  }
  return fd;
}

/** Open the place to mount on at `path`; make it, and the directories above, when the image lacks it. The caller closes it. */
export function openMountPoint(rootFd: number, path: string, kind: "directory" | "file"): number {
  const found = findMountPoint(rootFd, path);
  if (found >= 0) return found;
  if (kind === "directory") return makeDirectories(rootFd, path);
  const { parentFd, name } = openParent(rootFd, path);
  const created = openat2With(parentFd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644, BELOW);
  if (created < 0) throw new KernelError(`create ${path} in the root file system`, -created);
  close(created);
  const fd = openat2With(parentFd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, BELOW);
  close(parentFd);
  if (fd < 0) throw new KernelError(`open ${path} in the root file system`, -fd);
  return fd;
}

const BELOW = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

/** Make the directory at `path` and those above it where they are missing; returns its descriptor. The caller closes it. */
export function makeDirectories(rootFd: number, path: string): number {
  const found = tryOpenInRoot(rootFd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (found >= 0) return found;
  if (found !== -ENOENT) throw new KernelError(`open the directory ${path} in the root file system`, -found);
  const { parentFd, name } = openParent(rootFd, path);
  if (mkdirat(parentFd, name, 0o755) < 0 && lastErrno() !== EEXIST) {
    throw new KernelError(`mkdir ${path} in the root file system`, lastErrno());
  }
  const fd = openat2With(parentFd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, BELOW);
  close(parentFd);
  if (fd >= 0) return fd;
  if (fd !== -ENOTDIR && fd !== -ELOOP)
    throw new KernelError(`open the directory ${path} in the root file system`, -fd);
  throw new NetdError(
    "LAUNCH_FAILED",
    `Cannot make the directory "${path}": a file or a symlink to nothing is in its place`,
    {
      remedy: `Use an image in which ${path} is a directory`,
    },
  );
}

/** Open the directory that `path` is in, made where missing, and tell the last name. The caller closes `parentFd`. */
export function openParent(rootFd: number, path: string): { parentFd: number; name: string } {
  const clean = path.replace(/\/+$/, "");
  const cut = clean.lastIndexOf("/");
  const name = clean.slice(cut + 1);
  if (name === "" || name === "." || name === "..") {
    throw new NetdError("LAUNCH_FAILED", `Cannot make "${path}" in the root file system: it does not end in a name`, {
      remedy: "Give an absolute path without '.' and '..'",
    });
  }
  return { parentFd: makeDirectories(rootFd, cut <= 0 ? "/" : clean.slice(0, cut)), name };
}

/** Check that a mount point is of the kind that the mount is: one on the other can't be. @throws {NetdError} LAUNCH_FAILED */
export function requireKind(fd: number, path: string, needed: "directory" | "file"): void {
  const found = statusOf(fd).type === S_IFDIR ? "directory" : "file";
  if (found === needed) return;
  throw new NetdError("LAUNCH_FAILED", `Cannot mount on "${path}": it is a ${found}, a ${needed} is needed`, {
    remedy: `Choose another mount point, or an image where it is a ${needed}`,
  });
}

function symlinkRefused(path: string): NetdError {
  return new NetdError(
    "LAUNCH_FAILED",
    `Cannot mount on "${path}": it is a symlink in the image, which could lead anywhere`,
    {
      remedy: `Use an image in which ${path} is a plain file or directory`,
    },
  );
}

/** openat2 again while the kernel says that a rename raced with it (openat2(2), EAGAIN). */
function openat2With(dirfd: number, path: string, flags: number, mode: number, resolve: bigint): number {
  how.writeBigUInt64LE(BigInt(flags), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(resolve, 16);
  for (let attempt = 0; ; attempt++) {
    const fd = openat2(dirfd, path, how);
    if (fd >= 0) return fd;
    const errno = lastErrno();
    if (errno !== EAGAIN || attempt === 16) return -errno;
  }
}
