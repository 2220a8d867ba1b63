/**
 * The cgroups of a container: made at its start with limits and device rules, removed at its end.
 *
 * @module
 */
import { type Cgroups, formatCgroupDevices, formatCgroupLimits, shellCommand, shellQuote } from "../kernel/index.ts";
import type { OciConfig } from "./oci-config.ts";

type CgroupLimits = Parameters<Cgroups["limit"]>[1];

/** Make the cgroups of a container; nothing is left of them when that fails. */
export function createContainerCgroup(cgroups: Cgroups, config: OciConfig): void {
  const { cgroupsPath, resources } = config.linux;
  try {
    cgroups.create(cgroupsPath);
    if (resources?.devices !== undefined) cgroups.restrictDevices(cgroupsPath, resources.devices);
    cgroups.limit(cgroupsPath, limitsOf(config));
  } catch (error) {
    cgroups.remove(cgroupsPath);
    throw error;
  }
}

/** Write {@link createContainerCgroup} as commands. */
export function showContainerCgroup(cgroups: Cgroups, config: OciConfig): string[] {
  const { cgroupsPath, resources } = config.linux;
  const settings = [
    ...formatCgroupDevices(resources?.devices ?? [], cgroups.layout),
    ...formatCgroupLimits(limitsOf(config), cgroups.layout),
  ];
  return [
    shellCommand("mkdir", "-p", ...cgroups.directories(cgroupsPath)),
    ...settings
      .filter(({ mountPoint, isOptional }) => mountPoint !== "" && isOptional !== true)
      .map(
        ({ mountPoint, file, text }) =>
          `echo ${shellQuote(text)} > ${shellQuote(`${mountPoint}${cgroupsPath}/${file}`)}`,
      ),
  ];
}

function limitsOf({ linux: { resources } }: OciConfig): CgroupLimits {
  return {
    memoryBytes: resources?.memory?.limit,
    cpuQuotaUs: resources?.cpu?.quota,
    cpuPeriodUs: resources?.cpu?.period,
    pids: resources?.pids?.limit,
  };
}
