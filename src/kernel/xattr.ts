/**
 * Extended attributes of files: xattr(7).
 *
 * @module
 */
import { check, KernelError } from "./errno.ts";
import { lastErrno } from "./libc.ts";
import { fgetxattr, flistxattr, fsetxattr } from "./libc-xattr.ts";

const EPERM = 1;
const ENODATA = 61;
const EOPNOTSUPP = 95;
/** What the overlay keeps for itself is no attribute of the file. */
const OVERLAY_PREFIX = /^(trusted|user)\.overlay\./;

/** Copy the attributes of one open file to another; those that the target's file system does not keep are left out. */
export function copyAttributes(fromFd: number, toFd: number): void {
  for (const name of listAttributes(fromFd)) {
    const value = readAttribute(fromFd, name);
    if (value === undefined || fsetxattr(toFd, name, value, value.length, 0) === 0) continue;
    const errno = lastErrno();
    if (errno !== EOPNOTSUPP && errno !== EPERM) throw new KernelError(`fsetxattr(${name})`, errno);
  }
}

/** The names of a file's attributes; none where the file system has none. */
export function listAttributes(fd: number): string[] {
  const size = flistxattr(fd, null, 0);
  if (size <= 0) return [];
  const buffer = Buffer.alloc(size);
  const length = check(flistxattr(fd, buffer, size), () => "flistxattr");
  const names = buffer.toString("utf8", 0, length).split("\0");
  return names.filter((name) => name !== "" && !OVERLAY_PREFIX.test(name));
}

/** The value of an attribute; undefined when the file has none of that name. */
export function readAttribute(fd: number, name: string): Buffer | undefined {
  const size = fgetxattr(fd, name, null, 0);
  if (size < 0) {
    const errno = lastErrno();
    if (errno === ENODATA || errno === EOPNOTSUPP) return undefined;
    throw new KernelError(`fgetxattr(${name})`, errno);
  }
  const buffer = Buffer.alloc(size);
  return buffer.subarray(0, Math.max(fgetxattr(fd, name, buffer, size), 0));
}
