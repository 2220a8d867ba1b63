/**
 * Limits in the files of version 1. Pure.
 *
 * Source: Documentation/admin-guide/cgroup-v1/{memory,devices,pids,blkio-controller,cpusets,hugetlb,net_cls,net_prio,rdma}.rst,
 * Documentation/scheduler/{sched-bwc,sched-rt-group}.rst. A zero means "not asked for", as in runc.
 *
 * @module
 */
import type { CgroupController, CgroupLayout } from "./layout.ts";
import type { CgroupBlockIo, CgroupCpu, CgroupDeviceRule, CgroupMemory, CgroupResources } from "./resources.ts";
import {
  type CgroupSetting,
  checkPageSize,
  checkWeight,
  formatCount,
  formatRdma,
  formatThrottles,
  limitError,
} from "./setting.ts";

/** Values that the kernel would silently move into this range (kernel/sched/sched.h). */
const SHARES = { min: 2, max: 262_144 } as const;

type Add = (controller: CgroupController, file: string, text: string, more?: Partial<CgroupSetting>) => void;

/** The settings of version 1. @throws {NetdError} API_REQUEST_INVALID */
export function formatV1Settings(resources: CgroupResources, v1: CgroupLayout["v1"]): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  const add: Add = (controller, file, text, more = {}) => {
    settings.push({ controller, mountPoint: v1[controller] ?? "", file, text, ...more });
  };
  const { cpu, memory, devices, pids, blockIO, hugepageLimits, network, rdma, unified } = resources;
  if (unified !== undefined && Object.keys(unified).length > 0) {
    throw limitError(
      `'${Object.keys(unified)[0]}' of version 2`,
      "the controllers of this host are in version 1",
      "the limit's name in version 1",
    );
  }
  if (cpu !== undefined) addCpuset(cpu, add);
  for (const rule of devices ?? []) {
    add("devices", rule.allow ? "devices.allow" : "devices.deny", formatDeviceRule(rule));
  }
  if (memory !== undefined) addMemory(memory, add);
  if (cpu !== undefined) addCpu(cpu, add);
  if (pids !== undefined && pids.limit !== 0) add("pids", "pids.max", pids.limit < 0 ? "max" : formatCount(pids.limit));
  if (blockIO !== undefined) addBlockIo(blockIO, add);
  for (const { pageSize, limit } of hugepageLimits ?? []) {
    const size = checkPageSize(pageSize);
    add("hugetlb", `hugetlb.${size}.limit_in_bytes`, formatCount(limit));
    add("hugetlb", `hugetlb.${size}.rsvd.limit_in_bytes`, formatCount(limit), { isOptional: true });
  }
  if (network?.classID) add("net_cls", "net_cls.classid", formatCount(network.classID));
  for (const { name, priority } of network?.priorities ?? []) {
    add("net_prio", "net_prio.ifpriomap", `${name} ${priority}`);
  }
  for (const [device, limits] of Object.entries(rdma ?? {})) add("rdma", "rdma.max", formatRdma(device, limits));
  return settings;
}

function formatDeviceRule({ type = "a", major, minor, access = "rwm" }: CgroupDeviceRule): string {
  const number = (value: number | undefined) => (value === undefined || value < 0 ? "*" : value);
  return type === "a" ? "a" : `${type} ${number(major)}:${number(minor)} ${access}`;
}

function addCpuset({ cpus, mems }: CgroupCpu, add: Add): void {
  if (cpus) add("cpuset", "cpuset.cpus", cpus);
  if (mems) add("cpuset", "cpuset.mems", mems);
}

function addMemory(memory: CgroupMemory, add: Add): void {
  const { limit, reservation, swap, swappiness, disableOOMKiller } = memory;
  if (limit !== undefined && limit > 0 && swap !== undefined && swap > 0 && swap < limit) {
    throw limitError("memory and swap together", `${swap} bytes for both`, `at least the ${limit} bytes of memory`);
  }
  if (limit) add("memory", "memory.limit_in_bytes", formatLimit(limit));
  // Without a word about swap, "no limit of memory" is none of both.
  if (swap) add("memory", "memory.memsw.limit_in_bytes", formatLimit(swap), swap < 0 ? { isOptional: true } : {});
  else if (limit !== undefined && limit < 0) {
    add("memory", "memory.memsw.limit_in_bytes", "-1", { isOptional: true });
  }
  if (reservation) add("memory", "memory.soft_limit_in_bytes", formatLimit(reservation));
  if (disableOOMKiller !== undefined) {
    // Only "yes" must be heard: "no" is what every new cgroup has.
    add("memory", "memory.oom_control", disableOOMKiller ? "1" : "0", disableOOMKiller ? {} : { isOptional: true });
  }
  if (swappiness !== undefined && swappiness >= 0) {
    if (swappiness > 100) throw limitError("swappiness", String(swappiness), "0 to 100");
    add("memory", "memory.swappiness", String(swappiness));
  }
}

function addCpu(cpu: CgroupCpu, add: Add): void {
  const { shares, quota, period, burst, realtimePeriod, realtimeRuntime, idle } = cpu;
  if (shares) {
    if (shares < SHARES.min || shares > SHARES.max) {
      throw limitError("processor shares", String(shares), `${SHARES.min} to ${SHARES.max}`);
    }
    add("cpu", "cpu.shares", formatCount(shares));
  }
  if (realtimePeriod) add("cpu", "cpu.rt_period_us", formatCount(realtimePeriod));
  if (realtimeRuntime) add("cpu", "cpu.rt_runtime_us", formatCount(realtimeRuntime));
  if (period) add("cpu", "cpu.cfs_period_us", formatCount(period));
  if (quota) add("cpu", "cpu.cfs_quota_us", formatLimit(quota));
  if (burst !== undefined) add("cpu", "cpu.cfs_burst_us", formatCount(burst), burst === 0 ? { isOptional: true } : {});
  if (idle !== undefined) add("cpu", "cpu.idle", String(idle), idle === 0 ? { isOptional: true } : {});
}

function addBlockIo(blockIO: CgroupBlockIo, add: Add): void {
  const { weight, weightDevice = [], leafWeight } = blockIO;
  if (weight) {
    checkWeight(weight);
    const instead = { file: "blkio.weight", text: String(weight) };
    add("blkio", "blkio.bfq.weight", String(weight), { instead });
  }
  if (leafWeight) add("blkio", "blkio.leaf_weight", String(leafWeight));
  for (const { major, minor, weight: own, leafWeight: ownLeaf } of weightDevice) {
    if (own) {
      checkWeight(own);
      const text = `${major}:${minor} ${own}`;
      add("blkio", "blkio.bfq.weight_device", text, { instead: { file: "blkio.weight_device", text } });
    }
    if (ownLeaf) add("blkio", "blkio.leaf_weight_device", `${major}:${minor} ${ownLeaf}`);
  }
  const lists = [
    ["blkio.throttle.read_bps_device", blockIO.throttleReadBpsDevice],
    ["blkio.throttle.write_bps_device", blockIO.throttleWriteBpsDevice],
    ["blkio.throttle.read_iops_device", blockIO.throttleReadIOPSDevice],
    ["blkio.throttle.write_iops_device", blockIO.throttleWriteIOPSDevice],
  ] as const;
  for (const [file, throttles] of lists) {
    for (const { device, rate } of formatThrottles(throttles)) add("blkio", file, `${device} ${formatCount(rate)}`);
  }
}

function formatLimit(value: number): string {
  return value < 0 ? "-1" : formatCount(value);
}
