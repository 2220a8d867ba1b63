/**
 * From a container's mounts to those of its OCI configuration, with docker's defaults. Pure.
 *
 * @module
 */
import type { ContainerSpec, MountSpec } from "../../api/index.ts";
import type { FilledVolume, OciConfig, OciMount } from "../../runtime/index.ts";

/** Where volumes are on the host. */
export interface VolumePaths {
  pathOf(name: string): string;
  markerOf(name: string): string;
}

/** Where the generated files of a container are. */
export interface GeneratedFiles {
  hosts: string;
  hostname: string;
  resolvConf: string;
}

/** The pseudo file systems of a docker container, in mount order. */
const PSEUDO_MOUNTS: readonly OciMount[] = [
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

/** Docker's: a tmpfs that nobody said more about. */
const TMPFS_DEFAULTS = ["noexec", "nosuid", "nodev"];
/** Option to the one that it takes the place of. */
const OPPOSITES: Record<string, string> = {
  exec: "noexec",
  suid: "nosuid",
  dev: "nodev",
  rw: "ro",
};

/** What {@link planMounts} needs besides the specification. */
export interface PlanMountsOptions {
  files: GeneratedFiles;
  volumes: VolumePaths;
}

/** Plan all mounts of a container, outer ones before those within. What the user mounts takes the place of what a container has anyway. */
export function planMounts(
  spec: Pick<ContainerSpec, "mounts" | "readOnly" | "shmSizeBytes" | "privileged">,
  { files, volumes }: PlanMountsOptions,
): OciMount[] {
  const own = spec.mounts ?? [];
  const isTaken = (path: string) =>
    own.some(({ target }) => target === path || (target === "/dev" && path.startsWith("/dev/")));
  const file = (source: string, destination: string): OciMount => ({
    destination,
    type: "bind",
    source,
    options: ["rbind", "rprivate", ...(spec.readOnly === true ? ["ro"] : [])],
  });
  const standard = [
    ...(spec.privileged === true ? PSEUDO_MOUNTS.map(makeWritable) : PSEUDO_MOUNTS).map((mount) =>
      mount.destination === "/dev/shm" ? sizeShm(mount, spec.shmSizeBytes) : mount,
    ),
    file(files.resolvConf, "/etc/resolv.conf"),
    file(files.hostname, "/etc/hostname"),
    file(files.hosts, "/etc/hosts"),
  ];
  const depth = ({ target }: MountSpec) => target.split("/").length;
  return [
    ...standard.filter(({ destination }) => !isTaken(destination)),
    ...own.toSorted((a, b) => depth(a) - depth(b)).map((mount) => planMount(mount, volumes)),
  ];
}

/** Plan which volumes get what the image has in their place, while they are empty. */
export function planFilledVolumes(mounts: readonly MountSpec[], volumes: VolumePaths): FilledVolume[] {
  return mounts.flatMap(({ type, source, target, noCopy }) =>
    type === "volume" && source !== undefined && noCopy !== true
      ? [{ destination: target, marker: volumes.markerOf(source) }]
      : [],
  );
}

/** How the container's root is shared, so that the propagation of its binds can work: docker's rule. */
export function planRootPropagation(
  mounts: readonly MountSpec[],
): NonNullable<OciConfig["linux"]["rootfsPropagation"]> {
  if (mounts.some(({ propagation }) => propagation === "shared" || propagation === "rshared")) return "rshared";
  if (mounts.some(({ propagation }) => propagation === "slave" || propagation === "rslave")) return "rslave";
  return "private";
}

/** A privileged container may change what /sys shows, its cgroups included. */
function makeWritable(mount: OciMount): OciMount {
  return { ...mount, options: (mount.options ?? []).filter((option) => option !== "ro") };
}

function sizeShm(mount: OciMount, sizeBytes: number | undefined): OciMount {
  if (sizeBytes === undefined) return mount;
  const options = mount.options?.map((option) => (option.startsWith("size=") ? `size=${sizeBytes}` : option)) ?? [];
  return { ...mount, options };
}

function planMount(mount: MountSpec, volumes: VolumePaths): OciMount {
  const { type = "bind", source = "", target, readOnly, nonRecursive, propagation = "rprivate" } = mount;
  if (type === "tmpfs") {
    return {
      destination: target,
      type: "tmpfs",
      source: "tmpfs",
      options: mergeTmpfsOptions(TMPFS_DEFAULTS, [...(mount.options ?? []), ...(readOnly ? ["ro"] : [])]),
    };
  }
  // Writing below is forbidden too, but not to mounts that may come later.
  const readonly = propagation === "rprivate" ? "rro" : "ro";
  return {
    destination: target,
    type: "bind",
    source: type === "volume" ? volumes.pathOf(source) : source,
    options: [nonRecursive === true ? "bind" : "rbind", propagation, ...(readOnly ? [readonly] : [])],
  };
}

/** Merge options; of two that contradict each other, or have the same key, the later one holds. */
function mergeTmpfsOptions(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const option of lists.flat()) {
    const key = option.split("=", 1)[0]!; // split gives at least one
    merged.delete(key);
    merged.delete(OPPOSITES[key] ?? "");
    for (const [opposite, other] of Object.entries(OPPOSITES)) if (other === key) merged.delete(opposite);
    merged.set(key, option);
  }
  return [...merged.values()];
}
