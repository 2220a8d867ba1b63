/**
 * Signals by name or number.
 *
 * @module
 */
import { constants } from "node:os";
import { UsageError } from "./usage-error.ts";

/**
 * Parse `TERM`, `SIGTERM`, `term` or `15` to `SIGTERM`.
 *
 * @throws {UsageError} when this system has no such signal.
 */
export function parseSignal(text: string): string {
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  if (name in constants.signals) return name;
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === text)?.[0];
  if (byNumber !== undefined) return byNumber;
  throw new UsageError(
    `Cannot send signal '${text}': Linux has none of this name`,
    "a name like TERM or a number like 15",
  );
}
