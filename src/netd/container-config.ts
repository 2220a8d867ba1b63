/**
 * From what a user asked for to an OCI configuration: docker's defaults, then the user's changes.
 *
 * @module
 */

import type { ContainerSpec, ExecSpec } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import type { ImageConfig } from "../image/index.ts";
import type { OciConfig, OciDevice, OciDeviceRule, OciProcess } from "../runtime/index.ts";
import { parseDeviceRule, planResources, type ResourceFacts } from "./container-resources.ts";
import type { Machine } from "./seccomp/machine.ts";
import { planSeccomp } from "./seccomp/plan-seccomp.ts";
import type { ResolvedDevices } from "./storage/devices.ts";
import { type GeneratedFiles, planMounts, planRootPropagation, type VolumePaths } from "./storage/plan-mounts.ts";
import type { ResolvedUser } from "./user.ts";

/** What {@link planContainerConfig} needs besides the spec. */
export interface PlanContainerConfigOptions {
  image: Pick<ImageConfig, "env" | "workdir">;
  /** What runs: `spec.command` or the image's. */
  command: readonly string[];
  /** `spec.user` or the image's, resolved in the root file system. */
  user: ResolvedUser;
  hostname: string;
  files: GeneratedFiles;
  volumes: VolumePaths;
  /** Nodes of `spec.devices` as they are on the host now. */
  devices: ResolvedDevices;
  /** Where the root file system is mounted, inside the container's own mount namespace. */
  rootfs: string;
  /** Pinned network namespace; absent: the host's. */
  netnsPath: string | undefined;
  cgroupsPath: string;
  /** What a filter of system calls depends on. */
  machine: Machine;
  /** The host's device nodes, for a privileged container. */
  hostDevices?: OciDevice[];
  resourceFacts: ResourceFacts;
}

/** Capabilities of a container that asked for nothing: docker's (moby oci/caps/defaults.go). */
export const DEFAULT_CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
] as const;

/** Every capability of linux/capability.h, in the order of their numbers. */
const ALL_CAPABILITIES = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN " +
  "NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME " +
  "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON " +
  "BPF CHECKPOINT_RESTORE"
)
  .split(" ")
  .map((name) => `CAP_${name}`);

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Paths of /proc and /sys that say or do too much (moby oci/defaults.go). */
const MASKED_PATHS = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** Device nodes that a container may use besides those it may make: moby oci/defaults.go. */
const DEVICE_RULES: readonly OciDeviceRule[] = [
  { allow: false, access: "rwm" },
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  ...[
    [1, 3], // null
    [1, 5], // zero
    [1, 7], // full
    [1, 8], // random
    [1, 9], // urandom
    [5, 0], // tty
    [5, 1], // console
    [5, 2], // ptmx
  ].map(([major, minor]): OciDeviceRule => ({ allow: true, type: "c", major: major!, minor: minor!, access: "rwm" })),
  { allow: true, type: "c", major: 136, access: "rwm" }, // pts
];

/**
 * Make the OCI configuration of a container. Pure: the user is resolved and the paths are given.
 *
 * @throws {NetdError} API_REQUEST_INVALID when a capability is unknown
 */
export function planContainerConfig(spec: ContainerSpec, options: PlanContainerConfigOptions): OciConfig {
  const { devices, volumes } = options;
  const isPrivileged = spec.privileged === true;
  const process = planContainerProcess(spec, options);
  const seccomp = planSeccomp(spec, { capabilities: process.capabilities?.bounding ?? [], ...options.machine });
  return {
    ociVersion: "1.2.0",
    process,
    root: { path: options.rootfs, readonly: spec.readOnly ?? false },
    hostname: options.hostname,
    ...(spec.domainname === undefined ? {} : { domainname: spec.domainname }),
    mounts: planMounts(spec, { files: options.files, volumes }),
    linux: {
      namespaces: [
        { type: "pid" },
        ...(options.netnsPath === undefined ? [] : [{ type: "network" as const, path: options.netnsPath }]),
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        ...(spec.cgroupns === "host" ? [] : [{ type: "cgroup" } as const]),
      ],
      cgroupsPath: options.cgroupsPath,
      ...planDevices(options),
      resources: {
        devices: isPrivileged
          ? [{ allow: true, access: "rwm" }]
          : [...DEVICE_RULES, ...devices.rules, ...(spec.deviceCgroupRules ?? []).map(parseDeviceRule)],
        ...planResources(spec, options.resourceFacts),
      },
      rootfsPropagation: planRootPropagation(spec.mounts ?? []),
      ...(isPrivileged || spec.systemPaths === "unconfined"
        ? {}
        : { maskedPaths: MASKED_PATHS, readonlyPaths: READONLY_PATHS }),
      ...(seccomp === undefined ? {} : { seccomp }),
    },
  };
}

/** The host's nodes for who gets them all, and those that were asked for. */
function planDevices({ devices: { nodes }, hostDevices = [] }: PlanContainerConfigOptions): { devices?: OciDevice[] } {
  const others = hostDevices.filter(({ path }) => !nodes.some((node) => node.path === path));
  const devices = [...others, ...nodes];
  return devices.length === 0 ? {} : { devices };
}

function planContainerProcess(spec: ContainerSpec, options: PlanContainerConfigOptions): OciProcess {
  const capabilities =
    spec.privileged === true ? ALL_CAPABILITIES : planCapabilities(spec.capAdd ?? [], spec.capDrop ?? []);
  const { home, ...user } = options.user;
  // As in docker: only root keeps the sets; another user has the bounding set, so that setuid programs still work.
  const held = user.uid === 0 ? capabilities : [];
  return {
    terminal: spec.tty ?? false,
    user,
    args: [...options.command],
    env: mergeEnv(
      [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${options.hostname}`, ...(spec.tty ? ["TERM=xterm"] : []), `HOME=${home}`],
      options.image.env,
      spec.env ?? [],
    ),
    cwd: spec.workdir ?? (options.image.workdir || "/"),
    capabilities: { bounding: capabilities, effective: held, permitted: held, inheritable: [], ambient: [] },
    noNewPrivileges: spec.noNewPrivileges ?? false,
  };
}

/** Plan another process of a container from its first one: same limits, own command, user, terminal and environment. */
export function planExecProcess(first: OciProcess, { home, ...user }: ResolvedUser, spec: ExecSpec): OciProcess {
  const bounding = first.capabilities?.bounding ?? [];
  const held = user.uid === 0 ? bounding : [];
  const { consoleSize: _consoleSize, ...inherited } = first;
  const size =
    spec.rows === undefined || spec.columns === undefined
      ? {}
      : { consoleSize: { height: spec.rows, width: spec.columns } };
  return {
    ...inherited,
    ...size,
    terminal: spec.tty ?? false,
    user,
    args: spec.command,
    env: mergeEnv(first.env, [`HOME=${home}`], spec.tty === true ? ["TERM=xterm"] : [], spec.env ?? []),
    cwd: spec.workdir ?? first.cwd,
    capabilities: { bounding, effective: held, permitted: held, inheritable: [], ambient: [] },
  };
}

/** Merge lists of `KEY=value`; a later list wins, and the order of first mention is kept. */
export function mergeEnv(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flat()) merged.set(entry.split("=", 1)[0]!, entry);
  return [...merged.values()];
}

/**
 * The capabilities that remain after `--cap-add` and `--cap-drop`, with docker's meaning of `ALL`.
 *
 * @throws {NetdError} API_REQUEST_INVALID naming a capability that Linux does not have
 */
export function planCapabilities(add: readonly string[], drop: readonly string[]): string[] {
  const added = add.map(parseCapability);
  const dropped = drop.map(parseCapability);
  const base = added.includes("ALL") ? ALL_CAPABILITIES : dropped.includes("ALL") ? [] : DEFAULT_CAPABILITIES;
  const kept = new Set<string>([...base, ...added.filter((name) => name !== "ALL")]);
  // What is named wins over ALL: --cap-drop ALL --cap-add NET_RAW leaves one, --cap-add ALL --cap-drop NET_RAW lacks one.
  for (const name of dropped) if (added.includes("ALL") || !added.includes(name)) kept.delete(name);
  return ALL_CAPABILITIES.filter((name) => kept.has(name));
}

function parseCapability(text: string): string {
  const upper = text.toUpperCase();
  if (upper === "ALL" || upper === "CAP_ALL") return "ALL";
  const name = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  if (!ALL_CAPABILITIES.includes(name)) {
    throw new NetdError("API_REQUEST_INVALID", `Cannot use capability '${text}': Linux has none of that name`, {
      remedy: "Give a name of capabilities(7), such as NET_ADMIN, or ALL",
    });
  }
  return name;
}
