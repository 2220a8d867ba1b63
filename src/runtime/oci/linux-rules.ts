/**
 * Rules for `linux` of a configuration.
 *
 * Source: runtime-spec config-linux.md.
 *
 * @module
 */
import { absolutePath, idMappings, int64, numberList, uint32 } from "./basic-rules.ts";
import type { OciDevice, OciIntelRdt, OciLinux, OciMemoryPolicy, OciNamespace, OciNamespaceType } from "./config.ts";
import { resourcesRule } from "./resource-rules.ts";
import {
  checked,
  flag,
  integer,
  list,
  map,
  object,
  oneOf,
  orElse,
  type Rule,
  refuse,
  required,
  show,
  text,
  unlessEmpty,
} from "./rule.ts";
import { seccompRule } from "./seccomp-rules.ts";

/** Types of namespaces. */
export const NAMESPACE_TYPES = [
  "cgroup",
  "ipc",
  "mount",
  "network",
  "pid",
  "time",
  "user",
  "uts",
] as const satisfies OciNamespaceType[];

/** linux/mempolicy.h */
/** Modes of `memoryPolicy`. */
export const MEMORY_POLICIES = [
  "MPOL_DEFAULT",
  "MPOL_PREFERRED",
  "MPOL_BIND",
  "MPOL_INTERLEAVE",
  "MPOL_LOCAL",
  "MPOL_PREFERRED_MANY",
  "MPOL_WEIGHTED_INTERLEAVE",
];
/** Flags of `memoryPolicy`. */
export const MEMORY_POLICY_FLAGS = ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"];
const PROPAGATIONS = [
  ...(["shared", "slave", "private", "unbindable"] as const),
  ...(["rshared", "rslave", "rprivate", "runbindable"] as const),
];
const CLOCKS = ["monotonic", "boottime"];
const NANOSECS_MAX = 999_999_999;
const MODE_MAX = 0o7777;
const DEVICE_NUMBER_MAX = 0xffffffff;

const deviceNumber = integer(0, DEVICE_NUMBER_MAX);

const namespaces = checked(
  list(
    object<OciNamespace>({
      type: required(oneOf(NAMESPACE_TYPES)),
      path: unlessEmpty(absolutePath),
    }),
  ),
  (entries, path) => {
    for (const [index, { type }] of entries.entries()) {
      if (entries.findIndex((entry) => entry.type === type) === index) continue;
      refuse(`${path}[${index}].type`, `"${type}" is in the list twice`, "each type at most once is wanted");
    }
    return entries;
  },
);

const device: Rule<OciDevice> = checked(
  object<Omit<OciDevice, "major" | "minor"> & { major?: number; minor?: number }>({
    path: required(absolutePath),
    type: required(oneOf(["c", "b", "u", "p"])),
    major: deviceNumber,
    minor: deviceNumber,
    // Go's os.FileMode has bits of its own above the permissions.
    fileMode: checked(uint32, (mode) => mode & MODE_MAX),
    uid: uint32,
    gid: uint32,
  }),
  (entry, path) => {
    const { type, major, minor } = entry;
    if (type === "p") return { ...entry, major: 0, minor: 0 };
    if (major === undefined)
      return refuse(`${path}.major`, `it is missing and the type is "${type}"`, "a number is wanted");
    if (minor === undefined)
      return refuse(`${path}.minor`, `it is missing and the type is "${type}"`, "a number is wanted");
    return { ...entry, major, minor };
  },
);

/** Names of links: net/core/dev.c, dev_valid_name(). */
const linkName = text("the name of a link, of at most 15 bytes, is wanted", /^(?!\.{1,2}$)[^\s/:]{1,15}$/);

const netDevices = checked(
  map(
    object<{ name?: string }>({ name: unlessEmpty(linkName) }),
    (key, path) => void linkName.take(key, path, () => {}),
  ),
  (devices, path) => {
    const inside = Object.entries(devices).map(([host, { name = host }]) => name);
    const twice = inside.find((name, index) => inside.indexOf(name) < index);
    return twice === undefined
      ? devices
      : refuse(path, `two links become "${twice}"`, "a name of its own for each is wanted");
  },
);

/** Take `linux`. */
export const linuxRule: Rule<OciLinux> = object<OciLinux>({
  namespaces: orElse(namespaces, () => []),
  uidMappings: idMappings,
  gidMappings: idMappings,
  timeOffsets: map(
    object<{ secs?: number; nanosecs?: number }>({ secs: int64, nanosecs: integer(0, NANOSECS_MAX) }),
    (clock, path) => {
      if (!CLOCKS.includes(clock)) refuse(path, `the clock is ${show(clock)}`, `${CLOCKS.join(" or ")} is wanted`);
    },
  ),
  devices: list(device),
  netDevices,
  cgroupsPath: orElse(text(), () => ""),
  resources: resourcesRule,
  // The recursive forms are runc's.
  rootfsPropagation: unlessEmpty(oneOf(PROPAGATIONS)),
  seccomp: seccompRule,
  sysctl: map(text()),
  maskedPaths: list(absolutePath),
  readonlyPaths: list(absolutePath),
  mountLabel: unlessEmpty(text()),
  intelRdt: object<OciIntelRdt>({
    closID: unlessEmpty(text("the name of a directory is wanted", /^(?!\.{1,2}$)[^/\n]+$/)),
    schemata: list(text("one line is wanted", /^[^\n]+$/)),
    l3CacheSchema: unlessEmpty(text()),
    memBwSchema: unlessEmpty(text()),
    enableCMT: flag,
    enableMBM: flag,
    enableMonitoring: flag,
  }),
  memoryPolicy: object<OciMemoryPolicy>({
    mode: required(oneOf(MEMORY_POLICIES)),
    nodes: unlessEmpty(numberList),
    flags: list(oneOf(MEMORY_POLICY_FLAGS)),
  }),
  personality: object<NonNullable<OciLinux["personality"]>>({
    domain: required(oneOf(["LINUX", "LINUX32"])),
    flags: checked(list(text()), (flags, path, warn) => {
      if (flags.length > 0) warn(`Cannot set ${path}: no flag is defined by the specification, they are passed over`);
      return flags;
    }),
  }),
});
