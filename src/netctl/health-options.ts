/**
 * The options of `run` and `create` about health checks, with docker's meaning.
 *
 * @module
 */
import type { Command } from "commander";
import type { HealthCheck } from "../api/index.ts";
import { durationParser } from "./parse-duration.ts";
import { integerParser } from "./parse-number.ts";
import { UsageError } from "./usage-error.ts";

/** The options as commander parses them; times in milliseconds. */
export interface HealthOptions {
  healthCmd?: string;
  healthInterval?: number;
  healthTimeout?: number;
  healthRetries?: number;
  healthStartPeriod?: number;
  healthStartInterval?: number;
  /** False with `--no-healthcheck`. */
  healthcheck: boolean;
}

/** Add the options. */
export function addHealthOptions(command: Command): Command {
  return command
    .option("--health-cmd <command>", "check its health by this line of sh")
    .option("--health-interval <time>", "from check to check (default: 30s)", durationParser("--health-interval"))
    .option("--health-timeout <time>", "longest that one may take (default: 30s)", durationParser("--health-timeout"))
    .option(
      "--health-retries <number>",
      "failures until it is unhealthy (default: 3)",
      integerParser("--health-retries", 0),
    )
    .option(
      "--health-start-period <time>",
      "time to start in which failures do not count (default: 0s)",
      durationParser("--health-start-period"),
    )
    .option(
      "--health-start-interval <time>",
      "from check to check in that time (default: 5s)",
      durationParser("--health-start-interval"),
    )
    .option("--no-healthcheck", "make no checks, whatever the image says");
}

/**
 * The health check that the options describe; undefined when they describe none.
 *
 * @throws {UsageError} when a check is both described and forbidden
 */
export function toHealthCheck(options: HealthOptions): HealthCheck | undefined {
  const check: HealthCheck = {
    ...(options.healthCmd ? { test: ["CMD-SHELL", options.healthCmd] } : {}),
    ...(options.healthInterval ? { intervalMs: options.healthInterval } : {}),
    ...(options.healthTimeout ? { timeoutMs: options.healthTimeout } : {}),
    ...(options.healthRetries ? { retries: options.healthRetries } : {}),
    ...(options.healthStartPeriod ? { startPeriodMs: options.healthStartPeriod } : {}),
    ...(options.healthStartInterval ? { startIntervalMs: options.healthStartInterval } : {}),
  };
  const hasAny = Object.keys(check).length > 0;
  if (options.healthcheck) return hasAny ? check : undefined;
  if (!hasAny) return { test: ["NONE"] };
  throw new UsageError("Cannot take --no-healthcheck together with --health options: one of the two wanted", "-h");
}
