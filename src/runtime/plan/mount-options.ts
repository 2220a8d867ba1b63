/**
 * Options of an OCI mount, as mount(8) writes them, sorted by who understands them.
 *
 * Source: runtime-spec config.md "Linux mount options"; mount(8).
 *
 * @module
 */
import type { MountFlag, MountPropagation } from "../../kernel/process/index.ts";

/** Options of one mount. */
export interface MountOptions {
  isBind: boolean;
  /** Whether submounts come along, or get the flags too. */
  isRecursive: boolean;
  flags: MountFlag[];
  propagation?: MountPropagation;
  /** What only the file system itself understands. */
  data: string[];
}

const FLAGS: readonly string[] = [
  "ro",
  "nosuid",
  "nodev",
  "noexec",
  "noatime",
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
  nostrictatime: "strictatime",
  diratime: "nodiratime",
  symfollow: "nosymfollow",
};

const PROPAGATIONS: readonly string[] = ["private", "slave", "shared", "unbindable"] satisfies MountPropagation[];

/** Say nothing that the kernel does not do anyway. */
const DEFAULTS: readonly string[] = ["defaults", "relatime", "norelatime", "async"];

/** Sort the options; later ones win. */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const flags = new Set<MountFlag>();
  const data: string[] = [];
  let propagation: MountPropagation | undefined;
  for (const option of options) {
    const plain = option.startsWith("r") ? option.slice(1) : option;
    if (option === "bind" || option === "rbind" || DEFAULTS.includes(option)) continue;
    if (FLAGS.includes(option)) flags.add(option as MountFlag);
    else if (option in INVERSES) flags.delete(INVERSES[option]!);
    else if (PROPAGATIONS.includes(option)) propagation = option as MountPropagation;
    else if (PROPAGATIONS.includes(plain)) propagation = plain as MountPropagation;
    else data.push(option);
  }
  return {
    isBind: options.includes("bind") || options.includes("rbind"),
    isRecursive: options.includes("rbind"),
    flags: [...flags],
    data,
    ...(propagation === undefined ? {} : { propagation }),
  };
}
