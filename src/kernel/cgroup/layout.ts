/**
 * Where the cgroup hierarchies of this host are mounted: version 1 or version 2 (cgroups(7)).
 *
 * A host may have both, the controllers in version 1 and version 2 for tracking processes only. Then we leave version 2 alone: it has nothing
 * that we need, and to join it a process waits for all the kernel's readers, some 10 ms (kernel/cgroup/cgroup.c, cgroup_procs_write_start).
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Controllers of version 1 that we know. In version 2 there is no `cpuacct`, `devices`, `freezer`, `net_cls` and `net_prio`, and `blkio` is `io`. */
export const CGROUP_CONTROLLERS = [
  "memory",
  "cpu",
  "cpuacct",
  "pids",
  "devices",
  "blkio",
  "freezer",
  "cpuset",
  "hugetlb",
  "net_cls",
  "net_prio",
  "perf_event",
  "rdma",
] as const;

/** A controller that we know. */
export type CgroupController = (typeof CGROUP_CONTROLLERS)[number];

/** Mount points of the hierarchies. */
export interface CgroupLayout {
  version: "v1" | "v2" | "none";
  /** Mount points of version 1 by controller. */
  v1: Partial<Record<CgroupController, string>>;
  /** Mount point of version 2, when that is the one. */
  unified?: string;
}

/** Read the layout of the mount namespace we are in. */
export function readCgroupLayout(): CgroupLayout {
  return parseCgroupLayout(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** Parse /proc/self/mountinfo (proc_pid_mountinfo(5)). A mount hides those that were made below its mount point before. */
export function parseCgroupLayout(mountinfo: string): CgroupLayout {
  const mounts = new Map<string, { type: string; options: string[] }>();
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const mountPoint = left
      .split(" ")[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const [type = "", , options = ""] = right.split(" ");
    if (mountPoint === undefined) continue;
    for (const hidden of mounts.keys()) {
      if (hidden === mountPoint || hidden.startsWith(mountPoint === "/" ? "/" : `${mountPoint}/`))
        mounts.delete(hidden);
    }
    if (type === "cgroup" || type === "cgroup2") mounts.set(mountPoint, { type, options: options.split(",") });
  }
  const v1: CgroupLayout["v1"] = {};
  let unified: string | undefined;
  for (const [mountPoint, { type, options }] of mounts) {
    if (type === "cgroup2") unified ??= mountPoint;
    else for (const controller of CGROUP_CONTROLLERS) if (options.includes(controller)) v1[controller] ??= mountPoint;
  }
  const hasV1 = Object.keys(v1).length > 0;
  if (hasV1) return { version: "v1", v1 };
  return unified === undefined ? { version: "none", v1 } : { version: "v2", v1, unified };
}

/** The layout with only some hierarchies of version 1: those that one cgroup is in. */
export function restrictLayout(layout: CgroupLayout, controllers: readonly CgroupController[]): CgroupLayout {
  const v1: CgroupLayout["v1"] = {};
  for (const controller of controllers) {
    const mountPoint = layout.v1[controller];
    if (mountPoint !== undefined) v1[controller] = mountPoint;
  }
  return { ...layout, v1 };
}
