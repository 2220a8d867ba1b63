/**
 * What a cgroup of version 2 has used.
 *
 * Source: Documentation/admin-guide/cgroup-v2.rst.
 *
 * @module
 */
import { pageSizes, parseCount, parseList, readCount, readPairs, readText } from "./stat-files.ts";
import type { BlkioEntry, CgroupStats, Count, MemoryEntry } from "./stats-document.ts";

const US_IN_NS = 1000;
/** Keys of io.stat and the names that version 1 had for them. */
const IO_BYTES: Record<string, string> = { rbytes: "Read", wbytes: "Write", dbytes: "Discard" };
const IO_OPERATIONS: Record<string, string> = { rios: "Read", wios: "Write", dios: "Discard" };

/** Read them. */
export function readV2Stats(directory: string): CgroupStats {
  const cpu = readPairs(`${directory}/cpu.stat`);
  const memory = readPairs(`${directory}/memory.stat`);
  const io = readText(`${directory}/io.stat`).split("\n");
  const limit = readText(`${directory}/pids.max`);
  const none: MemoryEntry = { limit: 0, usage: 0, failcnt: 0 };
  const cpus = readText(`${directory}/cpuset.cpus.effective`);
  return {
    cpu: {
      usage: {
        total: nanoseconds(cpu.usage_usec),
        kernel: nanoseconds(cpu.system_usec),
        user: nanoseconds(cpu.user_usec),
      },
      throttling: {
        periods: cpu.nr_periods ?? 0,
        throttledPeriods: cpu.nr_throttled ?? 0,
        throttledTime: nanoseconds(cpu.throttled_usec),
      },
    },
    cpuset:
      cpus === "" ? {} : { cpus: parseList(cpus), mems: parseList(readText(`${directory}/cpuset.mems.effective`)) },
    memory: {
      cache: memory.file ?? 0,
      usage: readMemory(directory, "memory"),
      swap: readSwap(directory),
      kernel: none,
      kernelTCP: none,
      raw: memory,
    },
    pids: {
      current: readCount(`${directory}/pids.current`),
      ...(limit === "" || limit === "max" ? {} : { limit: parseCount(limit) }),
    },
    blkio: {
      ioServiceBytesRecursive: io.flatMap((line) => parseIo(line, IO_BYTES)),
      ioServicedRecursive: io.flatMap((line) => parseIo(line, IO_OPERATIONS)),
    },
    hugetlb: readHugetlb(directory),
  };
}

function nanoseconds(microseconds: Count = 0): Count {
  return Number(microseconds) * US_IN_NS;
}

function readMemory(directory: string, prefix: string): MemoryEntry {
  const peak = readText(`${directory}/${prefix}.peak`);
  return {
    limit: readCount(`${directory}/${prefix}.max`),
    usage: readCount(`${directory}/${prefix}.current`),
    ...(peak === "" ? {} : { max: parseCount(peak) }),
    failcnt: readPairs(`${directory}/${prefix}.events`).max ?? 0,
  };
}

/** Memory and swap together, as in version 1. */
function readSwap(directory: string): MemoryEntry {
  const memory = readMemory(directory, "memory");
  const swap = readMemory(directory, "memory.swap");
  const limits = [memory.limit, swap.limit];
  const isUnlimited = limits.some((limit) => typeof limit === "bigint");
  return {
    limit: isUnlimited
      ? (limits.find((limit) => typeof limit === "bigint") ?? 0)
      : Number(memory.limit) + Number(swap.limit),
    usage: Number(memory.usage) + Number(swap.usage),
    failcnt: swap.failcnt,
  };
}

/** One line: `8:0 rbytes=4096 wbytes=0 rios=1 …`. */
function parseIo(line: string, names: Record<string, string>): BlkioEntry[] {
  const [device = "", ...figures] = line.split(" ");
  const [major, minor] = device.split(":").map(Number);
  return figures.flatMap((figure) => {
    const [key = "", value = "0"] = figure.split("=");
    const op = names[key];
    return op === undefined || major === undefined || minor === undefined
      ? []
      : [{ major, minor, op, value: parseCount(value) }];
  });
}

function readHugetlb(directory: string): CgroupStats["hugetlb"] {
  return Object.fromEntries(
    pageSizes(directory, ".current").map((size) => [
      size,
      {
        usage: readCount(`${directory}/hugetlb.${size}.current`),
        failcnt: readPairs(`${directory}/hugetlb.${size}.events`).max ?? 0,
      },
    ]),
  );
}
