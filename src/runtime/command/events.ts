/**
 * `events`: print what a container uses, once or again and again, and when it runs out of memory.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { Cgroups, formatStats, readCgroupStats, watchOom } from "../../kernel/index.ts";
import type { CommandCall } from "./command.ts";
import { UsageError } from "./command-line.ts";
import { findStatus } from "./container-status.ts";
import { StateStore } from "./state-store.ts";

const DEFAULT_INTERVAL_MS = 5000;
const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Events. Ends when the container does. */
export async function events({ args, flags, global }: CommandCall): Promise<number> {
  const store = new StateStore(global.root);
  const id = args[0]!; // its count was checked
  const intervalMs = parseDuration(flags.text("interval"));
  const state = store.readState(id);
  const status = findStatus(store, state);
  if (status === "stopped" || status === "creating") {
    throw new NetdError("CONTAINER_NOT_RUNNING", `Cannot watch container "${id}": container is not running`, {
      remedy: "Start it first",
    });
  }
  const { layout } = new Cgroups();
  const print = (type: string, data?: unknown): void => {
    process.stdout.write(`${formatStats({ type, id, ...(data === undefined ? {} : { data }) })}\n`);
  };
  const printStats = (): void => print("stats", readCgroupStats(layout, state.cgroupsPath));
  if (flags.bool("stats")) {
    printStats();
    return 0;
  }
  await new Promise<void>((resolve) => {
    const stopWatching = watchOom(layout, state.cgroupsPath, { onOom: () => print("oom"), onGone: resolve });
    const timer = setInterval(() => {
      if (findStatus(store, state) !== "stopped") {
        printStats();
        return;
      }
      clearInterval(timer);
      stopWatching();
      resolve();
    }, intervalMs);
  });
  return 0;
}

/** Parse a duration of Go, such as `1m30s` or `500ms`, into milliseconds. */
function parseDuration(text: string | undefined): number {
  if (text === undefined) return DEFAULT_INTERVAL_MS;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join("") !== text || text === "") {
    throw new UsageError(`invalid value "${text}" for flag -interval`);
  }
  const ms = parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (UNIT_MS[unit] ?? 0), 0);
  if (ms <= 0) throw new UsageError("duration interval must be greater than 0");
  return Math.max(1, Math.round(ms));
}
