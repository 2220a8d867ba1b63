/**
 * The new mount calls by descriptor: fsopen(2), fsmount(2), open_tree(2), mount_setattr(2), move_mount(2).
 *
 * Source: linux/mount.h.
 *
 * @module
 */
import { check, KernelError } from "../errno.ts";
import { close, fsconfig, fsmount, fsopen, lastErrno, mountSetattr, moveMount, openTree, read } from "../libc.ts";
import { AT_EMPTY_PATH, AT_RECURSIVE, O_CLOEXEC } from "./open-flags.ts";

/** What a mount forbids or how it keeps access times. `ro` is the mount's own, not the file system's. */
export type MountFlag = "ro" | "nosuid" | "nodev" | "noexec" | "noatime" | "strictatime" | "nodiratime" | "nosymfollow";

/** How mounts made below one later are shared with other namespaces. */
export type MountPropagation = "private" | "slave" | "shared" | "unbindable";

const MOUNT_ATTR: Record<MountFlag, number> = {
  ro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x10,
  strictatime: 0x20,
  nodiratime: 0x80,
  nosymfollow: 0x200000,
};
/** Access-time settings are a field of their own within the attributes, to be cleared before it is set. */
const MOUNT_ATTR_ATIME = 0x70;
const ATIME_FLAGS: readonly MountFlag[] = ["noatime", "strictatime"];

const MS_PROPAGATION: Record<MountPropagation, bigint> = {
  unbindable: 1n << 17n,
  private: 1n << 18n,
  slave: 1n << 19n,
  shared: 1n << 20n,
};

const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const OPEN_TREE_CLONE = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 0x04;
const MOVE_MOUNT_T_EMPTY_PATH = 0x40;

const attributes = Buffer.alloc(32);

/** Attributes as fsmount wants them. */
export function mountAttributesOf(flags: readonly MountFlag[]): number {
  return flags.reduce((bits, flag) => bits | MOUNT_ATTR[flag], 0);
}

/**
 * Make a detached mount of a new file system; returns its descriptor. `data` are options of the file system itself: `mode=755`, or a
 * bare flag.
 *
 * @throws {KernelError} with what the file system says of its options
 */
export function createFilesystem(
  type: string,
  source: string,
  data: readonly string[],
  flags: readonly MountFlag[],
): number {
  const context = check(fsopen(type, FSOPEN_CLOEXEC), () => `fsopen(${type})`);
  setOption(context, type, `source=${source}`);
  for (const option of data) setOption(context, type, option);
  configure(context, fsconfig(context, FSCONFIG_CMD_CREATE, null, null, 0), `mount -t ${type} ${data.join(",")}`);
  const mount = check(fsmount(context, FSMOUNT_CLOEXEC, mountAttributesOf(flags)), () => `fsmount(${type})`);
  close(context);
  return mount;
}

/** Make a detached copy of the mount at `path` below `dirfd`, or of `dirfd` itself when `path` is empty; returns its descriptor. */
export function cloneMount(dirfd: number, path: string, isRecursive: boolean): number {
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | (path === "" ? AT_EMPTY_PATH : 0) | (isRecursive ? AT_RECURSIVE : 0);
  return check(openTree(dirfd, path, flags), () => `open_tree(${path === "" ? `descriptor ${dirfd}` : path})`);
}

/** Change flags of a mount, and of those below it too when `isRecursive`. */
export function setMountFlags(fd: number, flags: readonly MountFlag[], isRecursive: boolean): void {
  if (flags.length === 0) return;
  const clear = flags.some((flag) => ATIME_FLAGS.includes(flag)) ? MOUNT_ATTR_ATIME : 0;
  setAttributes(fd, BigInt(mountAttributesOf(flags)), BigInt(clear), 0n, isRecursive, flags.join(","));
}

/** Change how a mount is shared with other namespaces. */
export function setMountPropagation(fd: number, propagation: MountPropagation, isRecursive: boolean): void {
  setAttributes(fd, 0n, 0n, MS_PROPAGATION[propagation], isRecursive, propagation);
}

/** Put the detached mount `mountFd` on the file or directory `targetFd`, and close neither. */
export function attachMount(mountFd: number, targetFd: number, target: string): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  check(moveMount(mountFd, "", targetFd, "", flags), () => `move_mount(${target})`);
}

function setAttributes(
  fd: number,
  set: bigint,
  clear: bigint,
  propagation: bigint,
  isRecursive: boolean,
  words: string,
): void {
  attributes.writeBigUInt64LE(set, 0);
  attributes.writeBigUInt64LE(clear, 8);
  attributes.writeBigUInt64LE(propagation, 16);
  const flags = AT_EMPTY_PATH | (isRecursive ? AT_RECURSIVE : 0);
  check(mountSetattr(fd, "", flags, attributes), () => `mount_setattr(descriptor ${fd}, ${words})`);
}

function setOption(context: number, type: string, option: string): void {
  const cut = option.indexOf("=");
  const result =
    cut < 0
      ? fsconfig(context, FSCONFIG_SET_FLAG, option, null, 0)
      : fsconfig(context, FSCONFIG_SET_STRING, option.slice(0, cut), option.slice(cut + 1), 0);
  configure(context, result, `mount -t ${type} with option ${option}`);
}

/** Throw with the words that the file system left in its context, which is read like a file. */
function configure(context: number, result: number, call: string): void {
  if (result >= 0) return;
  const errno = lastErrno();
  const message = Buffer.alloc(512);
  const length = Number(read(context, message, message.length));
  throw new KernelError(call, errno, length > 0 ? message.toString("utf8", 0, length).trim() : undefined);
}
