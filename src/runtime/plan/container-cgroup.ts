/**
 * The cgroups of a container: made at its start with limits and device rules.
 *
 * @module
 */
import type { CgroupCreate } from "../../kernel/index.ts";
import type { OciConfig } from "../oci/config.ts";

/** Plan the cgroups of a container. */
export function planContainerCgroup({ linux: { cgroupsPath, resources } }: OciConfig): CgroupCreate {
  return { op: "cgroup.create", path: cgroupsPath, resources };
}
