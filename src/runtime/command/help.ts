/**
 * Help, in runc's form. Pure.
 *
 * @module
 */
import type { CommandSpec } from "./command.ts";
import type { FlagSpec } from "./command-line.ts";

/** Help of the whole program. */
export function formatHelp(commands: readonly CommandSpec[], flags: readonly FlagSpec[]): string {
  const rows = commands.map(({ name, summary }): Row => [name, summary]);
  return `NAME:
   netd-runtime - OCI container runtime

USAGE:
   netd-runtime [global options] command [command options] [arguments...]
   netd-runtime serve --socket PATH --run-dir DIR

COMMANDS:
${formatRows([...rows, ["serve", "start containers for netd; see netd-runtime serve --help"], ["help, h", "show help of a command"]])}

GLOBAL OPTIONS:
${formatRows(flags.map(describeFlag))}
`;
}

/** Help of one command. */
export function formatCommandHelp({ name, summary, usage, examples, flags }: CommandSpec): string {
  return `NAME:
   netd-runtime ${name} - ${summary}

USAGE:
   netd-runtime ${name} [command options] ${usage}

EXAMPLES:
${examples.map((line) => `   ${line}\n`).join("")}${flags.length === 0 ? "" : `\nOPTIONS:\n${formatRows(flags.map(describeFlag))}\n`}`;
}

type Row = readonly [left: string, right: string];

function describeFlag({ names, kind, usage, byDefault }: FlagSpec): Row {
  const value = kind === "bool" ? "" : " value";
  const left = names.map((name) => `${name.length === 1 ? "-" : "--"}${name}${value}`).join(", ");
  return [left, byDefault === undefined ? usage : `${usage} (default: ${byDefault})`];
}

function formatRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `   ${left.padEnd(width)}  ${right}`).join("\n");
}
