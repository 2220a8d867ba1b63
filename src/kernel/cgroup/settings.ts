/**
 * Limits of a cgroup as the files and texts that hold them. Pure.
 *
 * @module
 */
import type { CgroupLayout } from "./layout.ts";
import type { CgroupResources } from "./resources.ts";
import type { CgroupSetting } from "./setting.ts";
import { formatV1Settings } from "./settings-v1.ts";
import { formatV2Settings } from "./settings-v2.ts";

/**
 * The settings that hold `resources`, in the order of writing. One that the kernel refuses because of a later one is to be written again after it.
 *
 * @throws {NetdError} API_REQUEST_INVALID when limits contradict each other, or this version of cgroups can't have one
 */
export function formatCgroupSettings(resources: CgroupResources, layout: CgroupLayout): CgroupSetting[] {
  return layout.version === "v2"
    ? formatV2Settings(resources, layout.unified ?? "")
    : formatV1Settings(resources, layout.v1);
}
