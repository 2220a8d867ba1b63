/**
 * What kind of file a descriptor names, told without Node's fs: the forked child asks too.
 *
 * @module
 */
import { check } from "../errno.ts";
import { statx } from "../libc.ts";
import { AT_EMPTY_PATH } from "./open-flags.ts";

/** Kinds of files, the high bits of st_mode (linux/stat.h). */
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

/** Part of struct statx (linux/stat.h). */
export interface FileStatus {
  /** One of the `S_IF` constants. */
  type: number;
  /** Permission bits. */
  mode: number;
  deviceMajor: number;
  deviceMinor: number;
  /** A mount begins here. */
  isMountRoot: boolean;
}

const STATX_BASIC_STATS = 0x7ff;
const STATX_ATTR_MOUNT_ROOT = 0x2000;
const buffer = Buffer.alloc(256);

/** Ask for the status of an open descriptor, O_PATH ones included. @throws {KernelError} with the errno of statx */
export function statusOf(fd: number): FileStatus {
  check(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, buffer), () => `statx(descriptor ${fd})`);
  const mode = buffer.readUInt16LE(28);
  return {
    type: mode & S_IFMT,
    mode: mode & 0o7777,
    deviceMajor: buffer.readUInt32LE(128),
    deviceMinor: buffer.readUInt32LE(132),
    isMountRoot: (buffer.readUInt32LE(8) & STATX_ATTR_MOUNT_ROOT) !== 0,
  };
}
