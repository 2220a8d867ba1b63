/**
 * `list`: print all containers of a root directory.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import type { CommandCall } from "./command.ts";
import { UsageError } from "./command-line.ts";
import { describeState, type StateDocument } from "./container-status.ts";
import { StateStore } from "./state-store.ts";

/** Least width of a column, and the room behind its longest cell: those of runc's table. */
const WIDTH_MIN = 12;
const PADDING = 3;

/** List. */
export function list({ flags, global, report }: CommandCall): number {
  const store = new StateStore(global.root);
  const format = flags.text("format") ?? "table";
  if (format !== "table" && format !== "json") throw new UsageError("invalid format option");
  const states: StateDocument[] = [];
  for (const id of store.list()) {
    try {
      states.push({ ...describeState(store, store.readState(id)), owner: ownerOf(store.directory(id)) });
    } catch (error) {
      report.warn(error instanceof Error ? error.message : String(error));
    }
  }
  if (flags.bool("quiet")) process.stdout.write(states.map(({ id }) => `${id}\n`).join(""));
  // An empty list of Go is null.
  else if (format === "json") process.stdout.write(`${states.length === 0 ? "null" : JSON.stringify(states)}\n`);
  else process.stdout.write(formatTable(states));
  return 0;
}

function formatTable(states: readonly StateDocument[]): string {
  const rows = [
    ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"],
    ...states.map(({ id, pid, status, bundle, created, owner }) => [id, String(pid), status, bundle, created, owner]),
  ];
  const widths = rows[0]!.map((_, column) =>
    Math.max(WIDTH_MIN, ...rows.map((row) => (row[column] ?? "").length + PADDING)),
  );
  const last = widths.length - 1;
  return rows
    .map((row) => `${row.map((cell, column) => (column === last ? cell : cell.padEnd(widths[column]!))).join("")}\n`)
    .join("");
}

/** Name of the user that a directory belongs to; `#UID` for one without. */
function ownerOf(directory: string): string {
  const { uid } = statSync(directory);
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.split(":")[2] === String(uid));
  return line?.split(":")[0] ?? `#${uid}`;
}
