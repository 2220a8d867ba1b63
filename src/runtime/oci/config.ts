/**
 * An OCI runtime configuration as the step builder takes it: the specification's fields under the specification's names, checked and
 * completed by `parseOciConfig`. What the specification lets a document leave out and every reader would have to default, such as
 * `mounts` and `linux`, is always there.
 *
 * Source: opencontainers/runtime-spec 1.3, config.md and config-linux.md.
 *
 * @module
 */
import type { CgroupDeviceRule, CgroupResources } from "../../kernel/index.ts";

/** Version of the specification that our own documents follow; every field of it is known here. */
export const OCI_VERSION = "1.3.0";

/** A number of 64 bits: as decimal digits when it has more of them than a double. */
export type Uint64 = number | string;

export interface OciUser {
  uid: number;
  gid: number;
  additionalGids?: number[];
  umask?: number;
}

/** Names as in capability.h, `CAP_` included. */
export interface OciCapabilities {
  bounding: string[];
  effective: string[];
  inheritable: string[];
  permitted: string[];
  ambient: string[];
}

export interface OciRlimit {
  /** `RLIMIT_NOFILE` and the like. */
  type: string;
  /** The largest, 18446744073709551615, is RLIM_INFINITY. */
  soft: Uint64;
  hard: Uint64;
}

export interface OciIoPriority {
  class: "IOPRIO_CLASS_RT" | "IOPRIO_CLASS_BE" | "IOPRIO_CLASS_IDLE";
  priority: number;
}

/** Arguments of sched_setattr(2); times in nanoseconds. */
export interface OciScheduler {
  policy: "SCHED_OTHER" | "SCHED_FIFO" | "SCHED_RR" | "SCHED_BATCH" | "SCHED_ISO" | "SCHED_IDLE" | "SCHED_DEADLINE";
  nice?: number;
  priority?: number;
  flags?: string[];
  runtime?: number;
  deadline?: number;
  period?: number;
}

export interface OciProcess {
  terminal?: boolean;
  consoleSize?: { height: number; width: number };
  user: OciUser;
  args: string[];
  env: string[];
  cwd: string;
  /** Absent: the process keeps those that its runtime has. */
  capabilities?: OciCapabilities;
  rlimits?: OciRlimit[];
  noNewPrivileges?: boolean;
  oomScoreAdj?: number;
  ioPriority?: OciIoPriority;
  scheduler?: OciScheduler;
  /** Lists of cpuset(7): for the process while it is made, and after. */
  execCPUAffinity?: { initial?: string; final?: string };
  apparmorProfile?: string;
  selinuxLabel?: string;
}

/** One range of ids: `size` ids from `containerID` inside are those from `hostID` outside. */
export interface OciIdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface OciMount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
  uidMappings?: OciIdMapping[];
  gidMappings?: OciIdMapping[];
}

export type OciNamespaceType = "pid" | "network" | "mount" | "ipc" | "uts" | "user" | "cgroup" | "time";

export interface OciNamespace {
  type: OciNamespaceType;
  /** Join this one; absent: make a new one. */
  path?: string;
}

export interface OciDevice {
  path: string;
  type: "c" | "b" | "u" | "p";
  /** Of `p`, a FIFO, both are 0. */
  major: number;
  minor: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

export type OciDeviceRule = CgroupDeviceRule;

export type OciResources = CgroupResources;

export interface OciSeccompArg {
  index: number;
  value: Uint64;
  /** Second operand of SCMP_CMP_MASKED_EQ. */
  valueTwo?: Uint64;
  op: string;
}

export interface OciSeccompSyscall {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: OciSeccompArg[];
}

/** Names of libseccomp: `SCMP_ACT_ERRNO`, `SCMP_ARCH_X86_64`, `SCMP_CMP_EQ`, `SECCOMP_FILTER_FLAG_LOG`. */
export interface OciSeccomp {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: OciSeccompSyscall[];
}

/** Resource Director Technology of Intel's processors; Documentation/filesystems/resctrl.rst. */
export interface OciIntelRdt {
  closID?: string;
  schemata?: string[];
  l3CacheSchema?: string;
  memBwSchema?: string;
  enableCMT?: boolean;
  enableMBM?: boolean;
  enableMonitoring?: boolean;
}

/** Arguments of set_mempolicy(2). */
export interface OciMemoryPolicy {
  /** `MPOL_BIND` and the like. */
  mode: string;
  /** List as in cpuset(7). */
  nodes?: string;
  /** `MPOL_F_STATIC_NODES` and the like. */
  flags?: string[];
}

export interface OciLinux {
  namespaces: OciNamespace[];
  uidMappings?: OciIdMapping[];
  gidMappings?: OciIdMapping[];
  /** Clock (`monotonic`, `boottime`) to its offset. */
  timeOffsets?: Record<string, { secs?: number; nanosecs?: number }>;
  devices?: OciDevice[];
  /** Host interface to what becomes of it inside. */
  netDevices?: Record<string, { name?: string }>;
  /** Path below each controller's root, such as `/netd/3f2a…`. */
  cgroupsPath: string;
  resources?: OciResources;
  /** The specification has the first four; with an `r`, runc's and docker's, the mounts below too. */
  rootfsPropagation?: "shared" | "slave" | "private" | "unbindable" | "rshared" | "rslave" | "rprivate" | "runbindable";
  seccomp?: OciSeccomp;
  sysctl?: Record<string, string>;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  mountLabel?: string;
  intelRdt?: OciIntelRdt;
  memoryPolicy?: OciMemoryPolicy;
  personality?: { domain: "LINUX" | "LINUX32"; flags?: string[] };
}

export interface OciHook {
  path: string;
  args?: string[];
  env?: string[];
  /** Seconds; absent: as long as it likes. */
  timeout?: number;
}

export type OciHookKind =
  | "prestart"
  | "createRuntime"
  | "createContainer"
  | "startContainer"
  | "poststart"
  | "poststop";

export interface OciConfig {
  ociVersion: string;
  process: OciProcess;
  root: { path: string; readonly?: boolean };
  hostname?: string;
  domainname?: string;
  mounts: OciMount[];
  hooks?: Partial<Record<OciHookKind, OciHook[]>>;
  annotations?: Record<string, string>;
  linux: OciLinux;
}

/** What a runtime tells of a container: runtime-spec, "State". */
export interface OciState {
  ociVersion: string;
  id: string;
  status: "creating" | "created" | "running" | "stopped";
  pid?: number;
  /** Absolute path. */
  bundle: string;
  annotations?: Record<string, string>;
}
