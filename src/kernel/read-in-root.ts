/**
 * Reads files of a foreign root file system without ever leaving it.
 *
 * @module
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { close, open, openat2 } from "./libc.ts";

// fcntl.h, linux/openat2.h
const O_DIRECTORY = 0o200000;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_IN_ROOT = 0x10n;

/**
 * Read a regular file of at most `maxBytes` below `root`; symbolic links in it are resolved as if `root` were /, see openat2(2).
 *
 * Returns undefined when it is missing, larger, or no regular file.
 */
export function readFileInRoot(root: string, path: string, maxBytes: number): Buffer | undefined {
  const rootFd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (rootFd < 0) return undefined;
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(O_NONBLOCK | O_CLOEXEC), 0);
  how.writeBigUInt64LE(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, 16);
  const fd = openat2(rootFd, path, how);
  close(rootFd);
  if (fd < 0) return undefined;
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > maxBytes) return undefined;
    const content = Buffer.alloc(stat.size);
    return content.subarray(0, readSync(fd, content, 0, content.length, 0));
  } finally {
    closeSync(fd);
  }
}
