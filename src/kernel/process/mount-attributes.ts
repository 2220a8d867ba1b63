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
export type MountFlag =
  | "ro"
  | "nosuid"
  | "nodev"
  | "noexec"
  | "noatime"
  | "relatime"
  | "strictatime"
  | "nodiratime"
  | "nosymfollow";

/** How mounts made below one later are shared with other namespaces; with an `r`, those below it now too. */
export type MountPropagation =
  | "private"
  | "slave"
  | "shared"
  | "unbindable"
  | "rprivate"
  | "rslave"
  | "rshared"
  | "runbindable";

/** Flags that a mount and all below it lose and get, in this order. */
export interface MountFlagChange {
  set: MountFlag[];
  clear: MountFlag[];
}

const MOUNT_ATTR: Record<MountFlag, number> = {
  ro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x10,
  // What is left when the two others are not set.
  relatime: 0,
  strictatime: 0x20,
  nodiratime: 0x80,
  nosymfollow: 0x200000,
};
/** How access times are kept is one field within the attributes, to be cleared before it is set. */
const MOUNT_ATTR_ATIME = 0x70;
const ATIME_MODES: readonly MountFlag[] = ["noatime", "relatime", "strictatime"];
const ATIME_FLAGS: readonly MountFlag[] = [...ATIME_MODES, "nodiratime"];
const MOUNT_ATTR_IDMAP = 0x100000n;

const MS_REC = 0x4000;
/** Bits of mount(2), the first four also of mount_setattr(2). */
export const MS_PROPAGATION: Record<MountPropagation, number> = {
  unbindable: 0x20000,
  private: 0x40000,
  slave: 0x80000,
  shared: 0x100000,
  runbindable: MS_REC | 0x20000,
  rprivate: MS_REC | 0x40000,
  rslave: MS_REC | 0x80000,
  rshared: MS_REC | 0x100000,
};

const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const OPEN_TREE_CLONE = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 0x04;
const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
const EPERM = 1;

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
  try {
    setOption(context, type, `source=${source}`);
    for (const option of data) setOption(context, type, option);
    configure(context, fsconfig(context, FSCONFIG_CMD_CREATE, null, null, 0), `mount -t ${type} ${data.join(",")}`);
    return check(fsmount(context, FSMOUNT_CLOEXEC, mountAttributesOf(flags)), () => `fsmount(${type})`);
  } finally {
    close(context);
  }
}

/** Make a detached copy of the mount at `path` below `dirfd`, or of `dirfd` itself when `path` is empty; returns its descriptor. */
export function cloneMount(dirfd: number, path: string, isRecursive: boolean): number {
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | (path === "" ? AT_EMPTY_PATH : 0) | (isRecursive ? AT_RECURSIVE : 0);
  return check(openTree(dirfd, path, flags), () => `open_tree(${path === "" ? `descriptor ${dirfd}` : path})`);
}

/** Add flags to a mount. */
export function addMountFlags(fd: number, flags: readonly MountFlag[]): void {
  if (flags.length === 0) return;
  setAttributes(fd, { set: mountAttributesOf(flags), clear: atimeClearedBy(flags), words: flags.join(",") });
}

/**
 * Give a mount these flags and no others, as mount(8) does; how access times are kept stays unless `flags` tell it. Inside a user
 * namespace some that are there can't be taken away: then they stay, but for those of `cleared`, which is an error.
 */
export function replaceMountFlags(fd: number, flags: readonly MountFlag[], cleared: readonly MountFlag[] = []): void {
  const set = mountAttributesOf(flags);
  const all = mountAttributesOf(["ro", "nosuid", "nodev", "noexec", "nosymfollow"]);
  const clear = atimeClearedBy(flags);
  const atime = flags.some((flag) => ATIME_FLAGS.includes(flag)) ? MOUNT_ATTR_ATIME | MOUNT_ATTR.nodiratime : 0;
  try {
    setAttributes(fd, { set, clear: (all & ~set) | (atime & ~(set & MOUNT_ATTR.nodiratime)), words: flags.join(",") });
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== EPERM) throw error;
    setAttributes(fd, { set, clear: clear | (mountAttributesOf(cleared) & ~set), words: flags.join(",") });
  }
}

/** Change flags of a mount and of all below it. */
export function changeTreeFlags(fd: number, { set, clear }: MountFlagChange): void {
  setAttributes(fd, {
    set: mountAttributesOf(set),
    // What keeps access times goes as a whole.
    clear: mountAttributesOf(clear) | atimeClearedBy([...set, ...clear]),
    isRecursive: true,
    words: [...set, ...clear.map((flag) => `not ${flag}`)].join(","),
  });
}

/** Change how a mount is shared with other namespaces. */
export function setMountPropagation(fd: number, propagation: MountPropagation): void {
  const isRecursive = propagation.startsWith("r");
  setAttributes(fd, { propagation: BigInt(MS_PROPAGATION[propagation] & ~MS_REC), isRecursive, words: propagation });
}

/** Let a detached mount, and those below it when `isRecursive`, show the ids of files as the user namespace of `usernsFd` does. */
export function mapMountIds(fd: number, usernsFd: number, isRecursive: boolean): void {
  setAttributes(fd, { idmap: usernsFd, isRecursive, words: "idmap" });
}

/** Put the detached mount `mountFd` on the file or directory `targetFd`, and close neither. */
export function attachMount(mountFd: number, targetFd: number, target: string): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  check(moveMount(mountFd, "", targetFd, "", flags), () => `move_mount(${target})`);
}

interface AttributeChange {
  set?: number;
  clear?: number;
  propagation?: bigint;
  /** Descriptor of a user namespace. */
  idmap?: number;
  isRecursive?: boolean;
  words: string;
}

function setAttributes(fd: number, change: AttributeChange): void {
  const { set = 0, clear = 0, propagation = 0n, idmap, isRecursive = false, words } = change;
  attributes.writeBigUInt64LE(BigInt(set) | (idmap === undefined ? 0n : MOUNT_ATTR_IDMAP), 0);
  attributes.writeBigUInt64LE(BigInt(clear), 8);
  attributes.writeBigUInt64LE(propagation, 16);
  attributes.writeBigUInt64LE(BigInt(idmap ?? 0), 24);
  const flags = AT_EMPTY_PATH | (isRecursive ? AT_RECURSIVE : 0);
  check(mountSetattr(fd, "", flags, attributes), () => `mount_setattr(descriptor ${fd}, ${words})`);
}

function atimeClearedBy(flags: readonly MountFlag[]): number {
  return flags.some((flag) => ATIME_MODES.includes(flag)) ? MOUNT_ATTR_ATIME : 0;
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
