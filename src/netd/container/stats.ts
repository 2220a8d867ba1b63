/**
 * What containers use now.
 *
 * @module
 */
import { availableParallelism, totalmem } from "node:os";
import type { StatsInfo } from "../../api/index.ts";
import { type BlkioEntry, type CgroupStats, readCgroupStats, readInterfaceCounters } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import { containerCgroup } from "../container-launch.ts";
import type { DaemonContext } from "../context.ts";

/** Read the counters of a container. */
export function readStats(context: DaemonContext, { row }: Container): StatsInfo {
  const about = { id: row.id, name: row.name, readAt: context.now().toISOString() };
  if (row.state !== "running" || row.pid === undefined) return about;
  const stats = readCgroupStats(context.session.cgroups.layout, containerCgroup(context, row));
  const links = readInterfaceCounters(row.pid);
  const limit = Number(stats.memory.usage.limit);
  return {
    ...about,
    usage: {
      cpuNs: Number(stats.cpu.usage.total),
      onlineCpus: availableParallelism(),
      memoryBytes: usedMemory(stats),
      memoryLimitBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
      networkRxBytes: links.reduce((sum, { RxBytes }) => sum + RxBytes, 0),
      networkTxBytes: links.reduce((sum, { TxBytes }) => sum + TxBytes, 0),
      blockReadBytes: sumOf(stats.blkio.ioServiceBytesRecursive, "Read"),
      blockWriteBytes: sumOf(stats.blkio.ioServiceBytesRecursive, "Write"),
      pids: Number(stats.pids.current),
    },
  };
}

/** As docker counts it: pages of files that nobody uses now are no use of memory. */
function usedMemory({ memory }: CgroupStats): number {
  const usage = Number(memory.usage.usage);
  const idle = Number(memory.raw.total_inactive_file ?? memory.raw.inactive_file ?? 0);
  return idle < usage ? usage - idle : usage;
}

function sumOf(entries: readonly BlkioEntry[], wanted: string): number {
  return entries.filter(({ op }) => op === wanted).reduce((sum, { value }) => sum + Number(value), 0);
}
