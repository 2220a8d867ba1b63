/**
 * What only mount(2) can do: flags that fsconfig(2) has no word for, and values that are too long for it.
 *
 * Source: mount(2), linux/mount.h, fs/fsopen.c.
 *
 * @module
 */

/** Flags of a file system that only the old call takes. */
export type OldMountFlag = "silent" | "iversion" | "acl";

/** Bits of the flags that mount(2) takes as such; all but {@link OldMountFlag} are also words of fsconfig(2) or attributes. */
const MS: Record<string, number> = {
  ro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  sync: 0x10,
  mand: 0x40,
  dirsync: 0x80,
  nosymfollow: 0x100,
  noatime: 0x400,
  nodiratime: 0x800,
  silent: 0x8000,
  acl: 0x10000,
  relatime: 0x200000,
  iversion: 0x800000,
  strictatime: 0x1000000,
  lazytime: 0x2000000,
};

/** fsconfig takes keys and values of at most 255 bytes. */
const FSCONFIG_VALUE_MAX = 255;

/** Tell whether a mount needs the old call. */
export function isOldCallNeeded({
  data,
  oldFlags = [],
}: {
  data: readonly string[];
  oldFlags?: OldMountFlag[];
}): boolean {
  return oldFlags.length > 0 || data.some((option) => option.length > FSCONFIG_VALUE_MAX);
}

/** The bits of mount(2) for those of the options that have one. */
export function mountFlagBits(options: readonly string[]): number {
  return options.reduce((bits, option) => bits | (Object.hasOwn(MS, option) ? (MS[option] ?? 0) : 0), 0);
}
