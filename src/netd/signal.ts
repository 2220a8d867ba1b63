/**
 * Signals by name or number.
 *
 * @module
 */
import { constants } from "node:os";
import { NetdError } from "../errors.ts";

export const SIGTERM = "TERM";

/** Highest signal number of Linux: SIGRTMAX. */
const MAX_SIGNAL = 64;

/**
 * Parse `KILL`, `SIGKILL`, `kill` or `9` to its number.
 *
 * @throws {NetdError} API_REQUEST_INVALID
 */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_SIGNAL) return Number(text);
  const upper = text.toUpperCase();
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  const signal = constants.signals[name as NodeJS.Signals];
  if (signal !== undefined) return signal;
  throw new NetdError("API_REQUEST_INVALID", `Cannot send signal '${text}': Linux has none of that name`, {
    remedy: "Give a name or a number of signal(7), such as TERM",
  });
}
