/**
 * Limits and device rules of a cgroup as the files and texts that hold them. Pure.
 *
 * Source: Documentation/admin-guide/cgroup-v1/{memory,devices,pids}.rst, Documentation/scheduler/sched-bwc.rst, Documentation/admin-guide/cgroup-v2.rst.
 *
 * @module
 */
import type { CgroupController, CgroupLayout } from "./cgroup-layout.ts";
import type { CgroupDeviceRule, CgroupLimits } from "./network-steps.ts";

/** One text for one file of a cgroup's directory. */
export interface CgroupSetting {
  controller: CgroupController;
  /** Directory of the hierarchy; the cgroup's own path follows. */
  mountPoint: string;
  file: string;
  text: string;
  /** A kernel without swap accounting lacks the file, and needs no such limit. */
  isOptional?: true;
}

const DEFAULT_PERIOD_US = 100_000;

/** The settings that hold `limits`, in the order of writing. A controller that is not mounted has the mount point "". */
export function formatCgroupLimits(limits: CgroupLimits, layout: CgroupLayout): CgroupSetting[] {
  return layout.version === "v2" ? formatV2(limits, layout.unified ?? "") : formatV1(limits, layout.v1);
}

/** The settings of version 1 that hold device rules. */
export function formatCgroupDevices(rules: readonly CgroupDeviceRule[], layout: CgroupLayout): CgroupSetting[] {
  const mountPoint = layout.v1.devices ?? "";
  return rules.map((rule) => ({
    controller: "devices",
    mountPoint,
    file: rule.allow ? "devices.allow" : "devices.deny",
    text: formatDeviceRule(rule),
  }));
}

function formatDeviceRule({ type = "a", major, minor, access = "rwm" }: CgroupDeviceRule): string {
  return type === "a" ? "a" : `${type} ${major ?? "*"}:${minor ?? "*"} ${access}`;
}

/** Swap: as much again as the memory, docker's default. */
function formatV1(
  { memoryBytes, cpuQuotaUs, cpuPeriodUs = DEFAULT_PERIOD_US, pids }: CgroupLimits,
  v1: CgroupLayout["v1"],
): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  const { memory = "", cpu = "", pids: pidsMount = "" } = v1;
  if (memoryBytes !== undefined) {
    settings.push(
      { controller: "memory", mountPoint: memory, file: "memory.limit_in_bytes", text: String(memoryBytes) },
      {
        controller: "memory",
        mountPoint: memory,
        file: "memory.memsw.limit_in_bytes",
        text: String(memoryBytes * 2),
        isOptional: true,
      },
    );
  }
  if (cpuQuotaUs !== undefined) {
    settings.push(
      { controller: "cpu", mountPoint: cpu, file: "cpu.cfs_period_us", text: String(cpuPeriodUs) },
      { controller: "cpu", mountPoint: cpu, file: "cpu.cfs_quota_us", text: String(cpuQuotaUs) },
    );
  }
  if (pids !== undefined)
    settings.push({ controller: "pids", mountPoint: pidsMount, file: "pids.max", text: String(pids) });
  return settings;
}

function formatV2(
  { memoryBytes, cpuQuotaUs, cpuPeriodUs = DEFAULT_PERIOD_US, pids }: CgroupLimits,
  mountPoint: string,
): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  if (memoryBytes !== undefined) {
    settings.push(
      { controller: "memory", mountPoint, file: "memory.max", text: String(memoryBytes) },
      { controller: "memory", mountPoint, file: "memory.swap.max", text: String(memoryBytes), isOptional: true },
    );
  }
  if (cpuQuotaUs !== undefined)
    settings.push({ controller: "cpu", mountPoint, file: "cpu.max", text: `${cpuQuotaUs} ${cpuPeriodUs}` });
  if (pids !== undefined) settings.push({ controller: "pids", mountPoint, file: "pids.max", text: String(pids) });
  return settings;
}
