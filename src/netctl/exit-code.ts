/**
 * What netctl's exit code says: 0 done, 1 failed, 2 wrong usage; `run` and `exec` as docker's.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { escapeControls } from "./table.ts";
import { UsageError } from "./usage-error.ts";

/** Decide the exit code for an error that `commandName` ended with. */
export function exitCodeOf(error: unknown, commandName: string): number {
  if (error instanceof UsageError) return error.exitCode;
  const code = error instanceof NetdError ? error.code : undefined;
  if (commandName === "run" || commandName === "exec") {
    if (code === "COMMAND_NOT_EXECUTABLE") return 126;
    if (code === "COMMAND_NOT_FOUND") return 127;
  }
  return commandName === "run" ? 125 : 1;
}

/** Format an error for standard error: what failed, and on a second line what to try. */
export function formatFailure(error: unknown): string {
  const { message, remedy } = error as { message?: string; remedy?: string | undefined };
  const lines = [`netctl: ${message ?? String(error)}`, ...(remedy === undefined ? [] : [`  try: ${remedy}`])];
  // They quote what was typed, and names that strangers chose.
  return lines.map((line) => `${escapeControls(line)}\n`).join("");
}
