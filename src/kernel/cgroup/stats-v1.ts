/**
 * What a cgroup of version 1 has used.
 *
 * Source: Documentation/admin-guide/cgroup-v1/{cpuacct,memory,pids,blkio-controller,cpusets,hugetlb}.rst.
 *
 * @module
 */
import type { CgroupController, CgroupLayout } from "./layout.ts";
import { pageSizes, parseCount, parseList, readCount, readPairs, readText } from "./stat-files.ts";
import type { BlkioEntry, CgroupStats, Count, MemoryEntry } from "./stats-document.ts";

/** USER_HZ, in which cpuacct.stat counts: 100 on every architecture that we know. */
const TICK_NS = 10_000_000;

/** Read them. */
export function readV1Stats(v1: CgroupLayout["v1"], path: string): CgroupStats {
  const at = (controller: CgroupController, file: string) => `${v1[controller] ?? "/dev/null"}${path}/${file}`;
  const memory = readPairs(at("memory", "memory.stat"));
  const limit = readText(at("pids", "pids.max"));
  return {
    cpu: readCpu(at),
    cpuset: readCpuset(at),
    memory: {
      cache: memory.total_cache ?? memory.cache ?? 0,
      usage: readMemory(at, "memory"),
      swap: readMemory(at, "memory.memsw"),
      kernel: readMemory(at, "memory.kmem"),
      kernelTCP: readMemory(at, "memory.kmem.tcp"),
      raw: memory,
    },
    pids: {
      current: readCount(at("pids", "pids.current")),
      ...(limit === "" || limit === "max" ? {} : { limit: parseCount(limit) }),
    },
    blkio: {
      ioServiceBytesRecursive: readBlkio(at, "io_service_bytes_recursive"),
      ioServicedRecursive: readBlkio(at, "io_serviced_recursive"),
    },
    hugetlb: v1.hugetlb === undefined ? {} : readHugetlb(`${v1.hugetlb}${path}`),
  };
}

type At = (controller: CgroupController, file: string) => string;

function readCpu(at: At): CgroupStats["cpu"] {
  const ticks = readPairs(at("cpuacct", "cpuacct.stat"));
  const throttling = readPairs(at("cpu", "cpu.stat"));
  const perCpu = readText(at("cpuacct", "cpuacct.usage_all"))
    .split("\n")
    .slice(1)
    .map((line) => line.split(" ").slice(1).map(parseCount));
  return {
    usage: {
      total: readCount(at("cpuacct", "cpuacct.usage")),
      percpu: readText(at("cpuacct", "cpuacct.usage_percpu")).split(" ").filter(Boolean).map(parseCount),
      percpu_kernel: perCpu.map(([, kernel = 0]) => kernel),
      percpu_user: perCpu.map(([user = 0]) => user),
      kernel: Number(ticks.system ?? 0) * TICK_NS,
      user: Number(ticks.user ?? 0) * TICK_NS,
    },
    throttling: {
      periods: throttling.nr_periods ?? 0,
      throttledPeriods: throttling.nr_throttled ?? 0,
      throttledTime: throttling.throttled_time ?? 0,
    },
  };
}

function readCpuset(at: At): CgroupStats["cpuset"] {
  const cpus = readText(at("cpuset", "cpuset.cpus"));
  // The container is in no cpuset of its own.
  if (cpus === "") return {};
  const count = (name: string): Count => readCount(at("cpuset", `cpuset.${name}`));
  return {
    cpus: parseList(cpus),
    cpu_exclusive: count("cpu_exclusive"),
    mems: parseList(readText(at("cpuset", "cpuset.mems"))),
    mem_hardwall: count("mem_hardwall"),
    mem_exclusive: count("mem_exclusive"),
    memory_migrate: count("memory_migrate"),
    memory_spread_page: count("memory_spread_page"),
    memory_spread_slab: count("memory_spread_slab"),
    memory_pressure: count("memory_pressure"),
    sched_load_balance: count("sched_load_balance"),
    sched_relax_domain_level: count("sched_relax_domain_level"),
  };
}

function readMemory(at: At, prefix: string): MemoryEntry {
  const count = (name: string): Count => readCount(at("memory", `${prefix}.${name}`));
  return {
    limit: count("limit_in_bytes"),
    usage: count("usage_in_bytes"),
    max: count("max_usage_in_bytes"),
    failcnt: count("failcnt"),
  };
}

/** The scheduler bfq counts what went through it; the throttling layer counts everything, and stands in where bfq has nothing. */
function readBlkio(at: At, file: string): BlkioEntry[] {
  const bfq = parseBlkio(readText(at("blkio", `blkio.bfq.${file}`)));
  return bfq.length > 0 ? bfq : parseBlkio(readText(at("blkio", `blkio.throttle.${file}`)));
}

/** Lines `8:0 Read 4096`; the line `Total 4096` is of no device. */
function parseBlkio(text: string): BlkioEntry[] {
  return text.split("\n").flatMap((line) => {
    const [, major, minor, op = "", value = "0"] = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line) ?? [];
    return major === undefined ? [] : [{ major: Number(major), minor: Number(minor), op, value: parseCount(value) }];
  });
}

function readHugetlb(directory: string): CgroupStats["hugetlb"] {
  return Object.fromEntries(
    pageSizes(directory, ".usage_in_bytes").map((size) => [
      size,
      {
        usage: readCount(`${directory}/hugetlb.${size}.usage_in_bytes`),
        max: readCount(`${directory}/hugetlb.${size}.max_usage_in_bytes`),
        failcnt: readCount(`${directory}/hugetlb.${size}.failcnt`),
      },
    ]),
  );
}
