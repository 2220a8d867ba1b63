/**
 * Limits of a cgroup, under the names of the OCI runtime specification (config-linux.md, "Control groups"). What is absent stays as it is.
 *
 * @module
 */
import type { CgroupController } from "./layout.ts";

/** A rule of device access. The last rule that fits decides. */
export interface CgroupDeviceRule {
  allow: boolean;
  /** `a` is every device, whatever the rest says; default. */
  type?: "a" | "c" | "b" | undefined;
  /** Absent or -1: all. */
  major?: number | undefined;
  minor?: number | undefined;
  /** Of `r`, `w`, `m`. */
  access?: string | undefined;
}

/** Sizes in bytes; -1 is "no limit". */
export interface CgroupMemory {
  limit?: number | undefined;
  reservation?: number | undefined;
  /** Memory and swap together. */
  swap?: number | undefined;
  /** No kernel since 5.16 has it, and neither has version 2: ignored, as runc does. */
  kernel?: number | undefined;
  /** Ignored, like `kernel`. */
  kernelTCP?: number | undefined;
  /** Version 1. */
  swappiness?: number | undefined;
  /** Version 1. */
  disableOOMKiller?: boolean | undefined;
  /** Always so. */
  useHierarchy?: boolean | undefined;
  /** Refuse a limit below what is in use, instead of having the kernel reclaim and kill. */
  checkBeforeUpdate?: boolean | undefined;
}

/** Times in microseconds. */
export interface CgroupCpu {
  shares?: number | undefined;
  quota?: number | undefined;
  burst?: number | undefined;
  period?: number | undefined;
  /** Version 1. */
  realtimeRuntime?: number | undefined;
  /** Version 1. */
  realtimePeriod?: number | undefined;
  /** Lists such as `0-2,4`. */
  cpus?: string | undefined;
  mems?: string | undefined;
  /** 1: runs only when nobody else wants to. */
  idle?: number | undefined;
}

/** Bytes or operations a second of one device. */
export interface CgroupThrottle {
  major: number;
  minor: number;
  rate: number;
}

export interface CgroupBlockIo {
  /** 10 to 1000. */
  weight?: number | undefined;
  /** Of a scheduler that no kernel has since 5.0. */
  leafWeight?: number | undefined;
  weightDevice?:
    | { major: number; minor: number; weight?: number | undefined; leafWeight?: number | undefined }[]
    | undefined;
  throttleReadBpsDevice?: CgroupThrottle[] | undefined;
  throttleWriteBpsDevice?: CgroupThrottle[] | undefined;
  throttleReadIOPSDevice?: CgroupThrottle[] | undefined;
  throttleWriteIOPSDevice?: CgroupThrottle[] | undefined;
}

/** All limits of a cgroup. */
export interface CgroupResources {
  devices?: CgroupDeviceRule[] | undefined;
  memory?: CgroupMemory | undefined;
  cpu?: CgroupCpu | undefined;
  /** -1: no limit. 0 changes nothing, as in runc. */
  pids?: { limit: number } | undefined;
  blockIO?: CgroupBlockIo | undefined;
  /** `pageSize` as `2MB`, `limit` in bytes. */
  hugepageLimits?: { pageSize: string; limit: number }[] | undefined;
  /** Version 1. */
  network?: { classID?: number | undefined; priorities?: { name: string; priority: number }[] | undefined } | undefined;
  rdma?: Record<string, { hcaHandles?: number | undefined; hcaObjects?: number | undefined }> | undefined;
  /** Version 2: file of the cgroup's directory to its text. */
  unified?: Record<string, string> | undefined;
}

/** Controllers that every container's cgroup has, for its limits and its statistics. */
export const BASE_CONTROLLERS = ["memory", "cpu", "cpuacct", "pids", "devices", "blkio"] as const;

/** The controllers beyond the base that resources ask for. */
export function extraControllers(resources: CgroupResources): CgroupController[] {
  const { cpu, hugepageLimits, network, rdma, unified } = resources;
  const extra: CgroupController[] = [];
  if (cpu?.cpus !== undefined || cpu?.mems !== undefined) extra.push("cpuset");
  if (hugepageLimits !== undefined && hugepageLimits.length > 0) extra.push("hugetlb");
  if (network?.classID !== undefined) extra.push("net_cls");
  if (network?.priorities !== undefined && network.priorities.length > 0) extra.push("net_prio");
  if (rdma !== undefined && Object.keys(rdma).length > 0) extra.push("rdma");
  for (const controller of ["cpuset", "hugetlb", "rdma"] as const) {
    const isAsked = Object.keys(unified ?? {}).some((file) => file.startsWith(`${controller}.`));
    if (isAsked && !extra.includes(controller)) extra.push(controller);
  }
  return extra;
}
