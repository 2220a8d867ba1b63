/**
 * Containers as netd would ask for them: docker's defaults.
 *
 * @module
 */
import type { OciConfig, OciMount, OciProcess, OciSeccomp, StartParams } from "../../src/runtime/index.ts";

/** Differences to a default container. */
export interface ContainerOptions {
  process?: Partial<OciProcess>;
  mounts?: OciMount[];
  /** Directories of the image, uppermost first. */
  layers?: string[];
  isReadonly?: boolean;
  stdin?: boolean;
  resources?: OciConfig["linux"]["resources"];
  seccomp?: OciSeccomp;
}

/** Docker's default capabilities. */
export const DEFAULT_CAPABILITIES =
  "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"
    .split(" ")
    .map((name) => `CAP_${name}`);

const MOUNTS: OciMount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
  { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "noexec", "nodev"] },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
];

/** Make the parameters of a start. */
export function containerParams(
  args: string[],
  options: ContainerOptions & { containerId: string; directory: string; layers: string[]; cgroupsPath: string },
): StartParams & { logFile: string } {
  const { containerId, directory, layers, cgroupsPath, isReadonly = false, stdin = false } = options;
  const sets = { bounding: DEFAULT_CAPABILITIES, effective: DEFAULT_CAPABILITIES, permitted: DEFAULT_CAPABILITIES };
  const config: OciConfig = {
    ociVersion: "1.2.0",
    process: {
      user: { uid: 0, gid: 0 },
      args,
      env: ["PATH=/bin", "HOME=/"],
      cwd: "/",
      capabilities: { ...sets, inheritable: [], ambient: [] },
      ...options.process,
    },
    root: { path: `${directory}/rootfs`, readonly: isReadonly },
    hostname: "web",
    mounts: [...MOUNTS, ...(options.mounts ?? [])],
    linux: {
      namespaces: [
        { type: "pid" },
        { type: "mount" },
        { type: "uts" },
        { type: "ipc" },
        { type: "network" },
        { type: "cgroup" },
      ],
      cgroupsPath,
      ...(options.resources === undefined ? {} : { resources: options.resources }),
      ...(options.seccomp === undefined ? {} : { seccomp: options.seccomp }),
      rootfsPropagation: "private",
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
  return {
    containerId,
    config,
    overlay: { lower: layers, upper: `${directory}/upper`, work: `${directory}/work` },
    stdin,
    streamDir: `${directory}/streams`,
    logFile: `${directory}/log`,
  };
}
