/**
 * Limits in the files of version 2. Pure.
 *
 * Source: Documentation/admin-guide/cgroup-v2.rst. Realtime, swappiness and the OOM killer's switch do not exist there and are left out, as the
 * specification has it; device rules are a BPF program (device-program.ts). A zero means "not asked for", as in runc.
 *
 * @module
 */
import type { CgroupController } from "./layout.ts";
import type { CgroupBlockIo, CgroupCpu, CgroupMemory, CgroupResources } from "./resources.ts";
import {
  type CgroupSetting,
  checkPageSize,
  checkWeight,
  formatCount,
  formatRdma,
  formatThrottles,
  limitError,
} from "./setting.ts";

type Add = (controller: CgroupController, file: string, text: string, more?: Partial<CgroupSetting>) => void;

const DEFAULT_PERIOD_US = 100_000;
const SHARES = { min: 2, max: 262_144 } as const;
const CPU_WEIGHT = { min: 1, max: 10_000 } as const;

/** The settings of version 2, whose directory is at `mountPoint`. @throws {NetdError} API_REQUEST_INVALID */
export function formatV2Settings(resources: CgroupResources, mountPoint: string): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  const add: Add = (controller, file, text, more = {}) => {
    settings.push({ controller, mountPoint, file, text, ...more });
  };
  const { cpu, memory, pids, blockIO, hugepageLimits, network, rdma, unified } = resources;
  if (cpu?.cpus) add("cpuset", "cpuset.cpus", cpu.cpus);
  if (cpu?.mems) add("cpuset", "cpuset.mems", cpu.mems);
  if (memory !== undefined) addMemory(memory, add);
  if (cpu !== undefined) addCpu(cpu, add);
  if (pids !== undefined && pids.limit !== 0) add("pids", "pids.max", formatMax(pids.limit));
  if (blockIO !== undefined) addBlockIo(blockIO, add);
  for (const { pageSize, limit } of hugepageLimits ?? []) {
    const size = checkPageSize(pageSize);
    add("hugetlb", `hugetlb.${size}.max`, formatCount(limit));
    add("hugetlb", `hugetlb.${size}.rsvd.max`, formatCount(limit), { isOptional: true });
  }
  if (network?.classID || (network?.priorities?.length ?? 0) > 0) {
    throw limitError(
      "network classes and priorities",
      "version 2 of cgroups has neither",
      "traffic control of the link",
    );
  }
  for (const [device, limits] of Object.entries(rdma ?? {})) add("rdma", "rdma.max", formatRdma(device, limits));
  for (const [file, text] of Object.entries(unified ?? {})) addUnified(file, text, add);
  return settings;
}

/**
 * Weight of version 2 for the shares of version 1: 2 is 1, the default 1024 is the default 100, 262144 is 10000, and between them runs the curve
 * that runc and crun agreed on.
 */
export function weightOfShares(shares: number): number {
  if (shares <= SHARES.min) return CPU_WEIGHT.min;
  if (shares >= SHARES.max) return CPU_WEIGHT.max;
  const exponent = Math.log2(shares);
  return Math.ceil(10 ** ((exponent * exponent + 125 * exponent) / 612 - 7 / 34));
}

function addMemory(memory: CgroupMemory, add: Add): void {
  const { limit = 0, reservation, swap = 0 } = memory;
  if (limit !== 0) add("memory", "memory.max", formatMax(limit));
  const ownSwap = limit < 0 && swap === 0 ? -1 : swap;
  if (ownSwap !== 0) {
    const text = formatSwap(limit, ownSwap);
    add("memory", "memory.swap.max", text, text === "max" || text === "0" ? { isOptional: true } : {});
  }
  if (reservation) add("memory", "memory.low", formatMax(reservation));
}

/** Swap alone: the specification, like version 1, counts memory and swap together. */
function formatSwap(limit: number, swap: number): string {
  if (swap < 0) return "max";
  if (limit <= 0) throw limitError("swap", `${swap} bytes of memory and swap together`, "a limit of memory besides");
  if (swap < limit) {
    throw limitError("memory and swap together", `${swap} bytes for both`, `at least the ${limit} bytes of memory`);
  }
  return formatCount(swap - limit);
}

function addCpu({ shares, quota, period, burst, idle }: CgroupCpu, add: Add): void {
  if (idle !== undefined) add("cpu", "cpu.idle", String(idle), idle === 0 ? { isOptional: true } : {});
  // The kernel refuses a weight for what runs only when all others idle.
  if (shares && idle !== 1) add("cpu", "cpu.weight", String(weightOfShares(shares)));
  if (quota || period) {
    add("cpu", "cpu.max", `${formatMax(quota ? quota : -1)} ${formatCount(period ? period : DEFAULT_PERIOD_US)}`);
  }
  if (burst !== undefined) add("cpu", "cpu.max.burst", formatCount(burst), burst === 0 ? { isOptional: true } : {});
}

function addBlockIo(blockIO: CgroupBlockIo, add: Add): void {
  const { weight, weightDevice = [] } = blockIO;
  if (weight) {
    checkWeight(weight);
    const instead = { file: "io.weight", text: `default ${ioWeight(weight)}` };
    add("blkio", "io.bfq.weight", String(weight), { instead });
  }
  for (const { major, minor, weight: own } of weightDevice) {
    if (!own) continue;
    checkWeight(own);
    const instead = { file: "io.weight", text: `${major}:${minor} ${ioWeight(own)}` };
    add("blkio", "io.bfq.weight", `${major}:${minor} ${own}`, { instead });
  }
  const lists = [
    ["rbps", blockIO.throttleReadBpsDevice],
    ["wbps", blockIO.throttleWriteBpsDevice],
    ["riops", blockIO.throttleReadIOPSDevice],
    ["wiops", blockIO.throttleWriteIOPSDevice],
  ] as const;
  for (const [key, throttles] of lists) {
    for (const { device, rate } of formatThrottles(throttles)) {
      add("blkio", "io.max", `${device} ${key}=${rate === 0 ? "max" : formatCount(rate)}`);
    }
  }
}

/** Weight of io.weight, 1 to 10000, for one of 10 to 1000. */
function ioWeight(weight: number): number {
  return Math.floor(1 + ((weight - 10) * 9999) / 990);
}

/** One file of the directory, named by who asked; several lines are several writes. */
function addUnified(file: string, text: string, add: Add): void {
  if (!/^[a-z0-9_]+\.[A-Za-z0-9_.]+$/.test(file)) {
    throw limitError(`'${file}'`, "it is no file of a cgroup", "CONTROLLER.NAME without slashes");
  }
  const prefix = file.split(".")[0];
  const controller = (prefix === "io" ? "blkio" : prefix) as CgroupController;
  for (const line of text.split("\n").filter((each) => each !== "")) add(controller, file, line);
}

function formatMax(value: number): string {
  return value < 0 ? "max" : formatCount(value);
}
