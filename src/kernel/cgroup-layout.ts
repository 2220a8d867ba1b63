/**
 * Where the cgroup hierarchies of this host are mounted: version 1, version 2, or both (cgroups(7)).
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Controllers of version 1 that we use; those of the same names, but for devices and freezer, in version 2. */
export const CGROUP_CONTROLLERS = ["memory", "cpu", "pids", "devices", "freezer"] as const;

/** A controller that we use. */
export type CgroupController = (typeof CGROUP_CONTROLLERS)[number];

/** Mount points of the hierarchies. */
export interface CgroupLayout {
  /** `hybrid`: controllers in version 1, and version 2 besides for tracking processes. */
  version: "v1" | "hybrid" | "v2" | "none";
  /** Mount points of version 1 by controller. */
  v1: Partial<Record<CgroupController, string>>;
  /** Mount point of version 2. */
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
  const version = hasV1 ? (unified === undefined ? "v1" : "hybrid") : unified === undefined ? "none" : "v2";
  return { version, v1, ...(unified === undefined ? {} : { unified }) };
}
