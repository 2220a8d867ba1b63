/**
 * Options of an OCI mount, as mount(8) writes them, sorted by who understands them.
 *
 * Source: runtime-spec config.md "Linux mount options"; mount(8); mount_setattr(2).
 *
 * @module
 */
import type { MountFlag, MountFlagChange, MountPropagation, OldMountFlag } from "../../kernel/process/index.ts";

/** Options of one mount. */
export interface MountOptions {
  isBind: boolean;
  /** Whether a bind brings the mounts below its source. */
  isRecursive: boolean;
  /** Change what is mounted there already. */
  isRemount: boolean;
  /** Of the mount itself. */
  flags: MountFlag[];
  /** Flags that an option took back. */
  cleared: MountFlag[];
  /** Of the mount and all below it. */
  tree?: MountFlagChange;
  /** In this order. */
  propagation: MountPropagation[];
  /** Words that every file system understands, in its own options. */
  superblock: string[];
  oldFlags: OldMountFlag[];
  /** Map the ids of the mount, or of those below it too. */
  mapsIds?: "one" | "all";
  copiesUp: boolean;
  /** What only the file system itself understands. */
  data: string[];
}

const FLAGS: readonly string[] = [
  "ro",
  "nosuid",
  "nodev",
  "noexec",
  "noatime",
  "relatime",
  "strictatime",
  "nodiratime",
  "nosymfollow",
] satisfies MountFlag[];

/** Option to the flag that it takes back. */
const INVERSES: Record<string, MountFlag> = {
  rw: "ro",
  suid: "nosuid",
  dev: "nodev",
  exec: "noexec",
  atime: "noatime",
  norelatime: "relatime",
  nostrictatime: "strictatime",
  diratime: "nodiratime",
  symfollow: "nosymfollow",
};

/** Of these the last one holds. */
const ATIME_MODES: readonly MountFlag[] = ["noatime", "relatime", "strictatime"];

const PROPAGATIONS: readonly string[] = [
  "private",
  "slave",
  "shared",
  "unbindable",
  "rprivate",
  "rslave",
  "rshared",
  "runbindable",
] satisfies MountPropagation[];

/** Flags of a file system, and what takes each back. */
const SUPERBLOCK: Record<string, string> = {
  sync: "async",
  dirsync: "nodirsync",
  mand: "nomand",
  lazytime: "nolazytime",
};
const SUPERBLOCK_INVERSES = new Map(Object.entries(SUPERBLOCK).map(([flag, inverse]) => [inverse, flag]));
const OLD: Record<OldMountFlag, string> = { silent: "loud", iversion: "noiversion", acl: "noacl" };
const OLD_INVERSES = new Map(Object.entries(OLD).map(([flag, inverse]) => [inverse, flag]));

/** Every option that is not left to the file system. */
export const MOUNT_OPTIONS: readonly string[] = [
  ...["bind", "rbind", "remount", "defaults", "tmpcopyup", "idmap", "ridmap"],
  ...[...FLAGS, ...Object.keys(INVERSES)].flatMap((option) => [option, `r${option}`]),
  ...PROPAGATIONS,
  ...[SUPERBLOCK, OLD].flatMap((table) => Object.entries(table)).flat(),
].sort();

/** Sort the options; later ones win. */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const flags = new Set<MountFlag>();
  const cleared = new Set<MountFlag>();
  const tree = { set: new Set<MountFlag>(), clear: new Set<MountFlag>() };
  const superblock = new Set<string>();
  const oldFlags = new Set<string>();
  const parsed: MountOptions = {
    isBind: false,
    isRecursive: false,
    isRemount: false,
    flags: [],
    cleared: [],
    propagation: [],
    superblock: [],
    oldFlags: [],
    copiesUp: false,
    data: [],
  };
  for (const option of options) {
    const inTree = option.startsWith("r") ? option.slice(1) : "";
    if (option === "bind" || option === "rbind") {
      parsed.isBind = true;
      parsed.isRecursive = option === "rbind";
    } else if (option === "remount") parsed.isRemount = true;
    else if (option === "defaults") continue;
    else if (option === "tmpcopyup") parsed.copiesUp = true;
    else if (option === "idmap" || option === "ridmap") parsed.mapsIds = option === "idmap" ? "one" : "all";
    else if (FLAGS.includes(option)) moveFlag(cleared, flags, option as MountFlag);
    else if (Object.hasOwn(INVERSES, option)) {
      moveFlag(flags, cleared, INVERSES[option]!);
    } else if (PROPAGATIONS.includes(option)) parsed.propagation.push(option as MountPropagation);
    else if (Object.hasOwn(SUPERBLOCK, option)) superblock.add(option);
    else if (SUPERBLOCK_INVERSES.has(option)) superblock.delete(SUPERBLOCK_INVERSES.get(option)!);
    else if (Object.hasOwn(OLD, option)) oldFlags.add(option);
    else if (OLD_INVERSES.has(option)) oldFlags.delete(OLD_INVERSES.get(option)!);
    else if (FLAGS.includes(inTree)) moveFlag(tree.clear, tree.set, inTree as MountFlag);
    else if (Object.hasOwn(INVERSES, inTree)) moveFlag(tree.set, tree.clear, INVERSES[inTree]!);
    else parsed.data.push(option);
  }
  const hasTree = tree.set.size + tree.clear.size > 0;
  return {
    ...parsed,
    flags: [...flags],
    cleared: [...cleared],
    superblock: [...superblock],
    oldFlags: [...oldFlags] as OldMountFlag[],
    ...(hasTree ? { tree: { set: [...tree.set], clear: [...tree.clear] } } : {}),
  };
}

function moveFlag(from: Set<MountFlag>, to: Set<MountFlag>, flag: MountFlag): void {
  from.delete(flag);
  if (ATIME_MODES.includes(flag)) for (const mode of ATIME_MODES) to.delete(mode);
  to.add(flag);
}
