/**
 * What containers use, in docker's columns.
 *
 * @module
 */
import type { StatsInfo } from "../api/index.ts";
import { formatTable } from "./table.ts";

/** One row, in docker's names for `--format json`. */
export interface StatsRow {
  BlockIO: string;
  CPUPerc: string;
  Container: string;
  ID: string;
  MemPerc: string;
  MemUsage: string;
  Name: string;
  NetIO: string;
  PIDs: string;
}

const HEADINGS = ["CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"];
const ID_LENGTH = 12;
const NONE = "--";

/** Make a row of two samples: the processor time between them tells the load. Without an earlier one it is 0. */
export function toStatsRow(sample: StatsInfo, earlier: StatsInfo | undefined): StatsRow {
  const { usage, name, id } = sample;
  const about = { Container: name, ID: id.slice(0, ID_LENGTH), Name: name };
  if (usage === undefined) {
    const pair = `${NONE} / ${NONE}`;
    return { ...about, BlockIO: pair, CPUPerc: NONE, MemPerc: NONE, MemUsage: pair, NetIO: pair, PIDs: NONE };
  }
  return {
    ...about,
    BlockIO: `${formatDecimal(usage.blockReadBytes)} / ${formatDecimal(usage.blockWriteBytes)}`,
    CPUPerc: formatPercent(cpuShare(sample, earlier)),
    MemPerc: formatPercent(usage.memoryBytes / usage.memoryLimitBytes),
    MemUsage: `${formatBinary(usage.memoryBytes)} / ${formatBinary(usage.memoryLimitBytes)}`,
    NetIO: `${formatDecimal(usage.networkRxBytes)} / ${formatDecimal(usage.networkTxBytes)}`,
    PIDs: String(usage.pids),
  };
}

/** Format rows as a table. */
export function formatStats(rows: readonly StatsRow[]): string {
  const cells = rows.map((row) => [
    row.ID,
    row.Name,
    row.CPUPerc,
    row.MemUsage,
    row.MemPerc,
    row.NetIO,
    row.BlockIO,
    row.PIDs,
  ]);
  return formatTable(HEADINGS, cells);
}

/** Part of one processor: 2 is two of them. A container that was started again between the samples counts from 0. */
export function cpuShare(sample: StatsInfo, earlier: StatsInfo | undefined): number {
  const ms = Date.parse(sample.readAt) - Date.parse(earlier?.readAt ?? sample.readAt);
  const ns = (sample.usage?.cpuNs ?? 0) - (earlier?.usage?.cpuNs ?? 0);
  return ms <= 0 || ns < 0 || earlier?.usage === undefined ? 0 : ns / (ms * 1e6);
}

function formatPercent(part: number): string {
  return `${(Number.isFinite(part) ? part * 100 : 0).toFixed(2)}%`;
}

function formatBinary(bytes: number): string {
  return formatScaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"], 4);
}

function formatDecimal(bytes: number): string {
  return formatScaled(bytes, 1000, ["B", "kB", "MB", "GB", "TB"], 3);
}

function formatScaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}
