/**
 * Owns the cgroups of this host: where they are mounted, limits as files and texts, device programs, pausing, counters. Never decides what a
 * container may have.
 *
 * @module
 */
export { Cgroups } from "./cgroups.ts";
export { freezeCgroup, isFrozen, thawCgroup } from "./freezer.ts";
export {
  CGROUP_CONTROLLERS,
  type CgroupController,
  type CgroupLayout,
  parseCgroupLayout,
  readCgroupLayout,
  restrictLayout,
} from "./layout.ts";
export { readOomKills, watchOom } from "./oom.ts";
export type * from "./resources.ts";
export { formatStats, readCgroupStats } from "./stats.ts";
export type * from "./stats-document.ts";
export { cgroupCreate, cgroupDelete, pauseToShell, updateToShell } from "./steps.ts";
