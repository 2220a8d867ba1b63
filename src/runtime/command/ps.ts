/**
 * `ps`: print the processes of a container.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { NetdError } from "../../errors.ts";
import type { CommandCall } from "./command.ts";
import { UsageError } from "./command-line.ts";
import { listProcesses } from "./list-processes.ts";
import { StateStore } from "./state-store.ts";

/** Ps. Words after the id are options of ps(1). */
export function ps({ args, flags, global }: CommandCall): number {
  const [id = "", ...words] = args;
  const format = flags.text("format") ?? "table";
  if (format !== "table" && format !== "json") throw new UsageError("invalid format option");
  const pids = listProcesses(new StateStore(global.root).readState(id));
  if (format === "json") process.stdout.write(`${JSON.stringify(pids)}\n`);
  else process.stdout.write(filterTable(readTable(words.length === 0 ? ["-ef"] : words), new Set(pids.map(String))));
  return 0;
}

function readTable(words: readonly string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync("ps", words, { encoding: "utf8" });
  if (status === 0) return stdout.trimEnd().split("\n");
  throw new NetdError("API_REQUEST_INVALID", `Cannot run ps ${words.join(" ")}: ${error?.message ?? stderr.trim()}`, {
    remedy: "Give options that ps(1) takes, or --format json",
    cause: error,
  });
}

/** The head, and the lines of these processes. */
function filterTable([head = "", ...lines]: string[], pids: ReadonlySet<string>): string {
  const column = head.trim().split(/\s+/).indexOf("PID");
  if (column < 0) {
    throw new NetdError("API_REQUEST_INVALID", "Cannot find the container's processes: ps prints no column PID", {
      remedy: "Give options with which ps(1) prints it",
    });
  }
  const ours = lines.filter((line) => pids.has(line.trim().split(/\s+/)[column] ?? ""));
  return [head, ...ours].map((line) => `${line}\n`).join("");
}
