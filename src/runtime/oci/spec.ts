/**
 * The configuration to begin with that `spec` writes: a shell in a root file system beside it, with what runc gives it.
 *
 * @module
 */
import { OCI_VERSION, type OciConfig, type OciLinux } from "./config.ts";

/** A configuration as it is written, without what {@link parseOciConfig} completes. */
export type StarterConfig = Omit<OciConfig, "linux"> & { linux: Omit<OciLinux, "cgroupsPath"> };

/** Who the container is for. */
export interface MakeSpecOptions {
  /** Ids outside that become root inside: for users who are not root. Absent: no user namespace. */
  rootless?: { uid: number; gid: number } | undefined;
  /** False leaves the cgroup namespace out, as runc does on version 1: callers add their own then. */
  hasCgroupNamespace?: boolean;
}

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
const SHM_OPTIONS = ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"];
const HIDDEN = ["nosuid", "noexec", "nodev"];

const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
  "/proc/scsi",
];
const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** Make a configuration to begin with. */
export function makeSpec({ rootless, hasCgroupNamespace = true }: MakeSpecOptions = {}): StarterConfig {
  return {
    ociVersion: OCI_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: {
        bounding: CAPABILITIES,
        effective: CAPABILITIES,
        inheritable: [],
        permitted: CAPABILITIES,
        ambient: [],
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "netd",
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      {
        ...{ destination: "/dev", type: "tmpfs", source: "tmpfs" },
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
      },
      {
        ...{ destination: "/dev/pts", type: "devpts", source: "devpts" },
        options: [
          ...["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
          // Group tty has no id in a user namespace with one id.
          ...(rootless === undefined ? ["gid=5"] : []),
        ],
      },
      { destination: "/dev/shm", type: "tmpfs", source: "shm", options: SHM_OPTIONS },
      { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: HIDDEN },
      // Without a network namespace of its own the container may not mount sysfs.
      rootless === undefined
        ? { destination: "/sys", type: "sysfs", source: "sysfs", options: [...HIDDEN, "ro"] }
        : { destination: "/sys", type: "none", source: "/sys", options: ["rbind", ...HIDDEN, "ro"] },
      { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [...HIDDEN, "relatime", "ro"] },
    ],
    linux: {
      ...(rootless === undefined
        ? { resources: { devices: [{ allow: false, access: "rwm" }] } }
        : {
            uidMappings: [{ containerID: 0, hostID: rootless.uid, size: 1 }],
            gidMappings: [{ containerID: 0, hostID: rootless.gid, size: 1 }],
          }),
      namespaces: [
        { type: "pid" },
        rootless === undefined ? { type: "network" } : { type: "user" },
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        ...(hasCgroupNamespace ? [{ type: "cgroup" } as const] : []),
      ],
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}
