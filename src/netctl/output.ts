/**
 * How commands print what they learned.
 *
 * @module
 */
import type { CommonOptions, NetctlContext } from "./context.ts";
import type { Paint } from "./table.ts";
import { UsageError } from "./usage-error.ts";

/** Print one JSON document. */
export function printJson(value: unknown, context: NetctlContext): void {
  context.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Refuse every `--format` but `json`. @throws {UsageError} */
export function checkJsonFormat(format: string | undefined): void {
  if (format === undefined || format === "json" || format === "{{json .}}") return;
  throw new UsageError(`Cannot print by the format '${format}': netctl knows only json`, "--format json");
}

/** Print commands for `--show`: one a line, ready for `sh`; a document with `--json`. */
export function printCommands(commands: string[], options: CommonOptions, context: NetctlContext): void {
  if (options.json) printJson({ commands }, context);
  else context.stdout.write(commands.map((line) => `${line}\n`).join(""));
}

const GREEN = "32";
const GREY = "90";

/** Choose how to colour the states in a table: not at all unless people look at it (https://no-color.org). */
export function statePaint(context: NetctlContext): Paint {
  const isPlain = !context.stdout.isTTY || (context.env.NO_COLOR ?? "") !== "" || context.env.TERM === "dumb";
  return (cell, column) => {
    if (isPlain || !["STATE", "STATUS"].includes(column)) return cell;
    return `\x1b[${/^(running|Up)/.test(cell) ? GREEN : GREY}m${cell}\x1b[0m`;
  };
}
