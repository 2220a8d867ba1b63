/**
 * Restart policies as docker writes them.
 *
 * @module
 */
import type { RestartPolicy } from "../api/index.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Parse `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:N`.
 *
 * @throws {UsageError} on anything else
 */
export function parseRestart(text: string): RestartPolicy {
  if (text === "" || text === "no") return { policy: "no" };
  if (text === "always" || text === "unless-stopped" || text === "on-failure") return { policy: text };
  const [, retries] = /^on-failure:(\d{1,9})$/.exec(text) ?? [];
  if (retries !== undefined) return { policy: "on-failure", maxRetries: Number(retries) };
  throw new UsageError(
    `Cannot take restart policy '${text}': no, always, unless-stopped or on-failure[:RETRIES] wanted`,
    "--restart on-failure:5",
  );
}
