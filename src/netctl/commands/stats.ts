/** `netctl stats`. @module */
import { setTimeout as delay } from "node:timers/promises";
import { type Command, Option } from "commander";
import type { ApiClient, StatsInfo } from "../../api/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { formatStats, toStatsRow } from "../stats-table.ts";

interface StatsOptions extends CommonOptions {
  all?: boolean;
  /** False with `--no-stream`. */
  stream: boolean;
  format: "table" | "json";
}

const INTERVAL_MS = 1000;
const CLEAR = "\x1b[H\x1b[J";

/** Where the kernel counts, and what a person would look with. */
const BY_HAND = ["systemd-cgtop", "cat /sys/fs/cgroup/memory/netd/*/*/memory.usage_in_bytes"];

/** Define `stats`. */
export function defineStats(command: Command, context: NetctlContext): void {
  command
    .argument("[container...]")
    .option("-a, --all", "those that do not run, too")
    .option("--no-stream", "print once")
    .addOption(
      new Option("--format <format>", "table, or json: one document a line, in docker's names")
        .choices(["table", "json"])
        .default("table"),
    );
  addCommonOptions(command);
  addExamples(command, "netctl stats", "netctl stats --no-stream web db", "netctl stats --no-stream --format json");
  command.action(async (names: string[], options: StatsOptions) => {
    if (options.show) return printCommands(BY_HAND, options, context);
    const client = clientOf(options, context);
    let earlier = await sample(client, names, options);
    // One look can't tell the load: that takes two.
    for (let round = 0; round === 0 || (options.stream && !options.json); round++) {
      await delay(INTERVAL_MS);
      const now = await sample(client, names, options);
      print(now, earlier, options, context);
      earlier = now;
    }
  });
}

async function sample(client: ApiClient, names: string[], { all }: StatsOptions): Promise<StatsInfo[]> {
  if (names.length > 0 || all !== true) return await client.stats(names);
  const containers = await client.listContainers(true);
  return containers.length === 0 ? [] : await client.stats(containers.map(({ id }) => id));
}

function print(now: StatsInfo[], earlier: StatsInfo[], options: StatsOptions, context: NetctlContext): void {
  const before = new Map(earlier.map((each) => [each.id, each]));
  const rows = now.map((each) => toStatsRow(each, before.get(each.id)));
  if (options.json) {
    printJson(
      now.map((each, at) => ({ ...each, cpuPercent: Number.parseFloat(rows[at]?.CPUPerc ?? "0") || 0 })),
      context,
    );
    return;
  }
  const isLive = options.stream && context.stdout.isTTY;
  const text = options.format === "json" ? rows.map((row) => `${JSON.stringify(row)}\n`).join("") : formatStats(rows);
  context.stdout.write(isLive && options.format === "table" ? CLEAR + text : text);
}
