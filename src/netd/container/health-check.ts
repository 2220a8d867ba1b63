/**
 * What a health check is, and what its results make of a container. Pure; the meaning is docker's (docs.docker.com, HEALTHCHECK).
 *
 * @module
 */
import type { HealthCheck, HealthInfo, HealthResult } from "../../api/index.ts";

/** A check with nothing left open. */
export interface HealthPlan {
  command: string[];
  intervalMs: number;
  timeoutMs: number;
  retries: number;
  startPeriodMs: number;
  startIntervalMs: number;
}

/** Results that are kept. */
const LOG_LENGTH = 5;

/** Decide how a container is checked: its own words first, then its image's, then docker's; `undefined`: not at all. */
export function planHealth(own: HealthCheck = {}, image: HealthCheck = {}): HealthPlan | undefined {
  const merged = { ...image, ...own };
  const [kind, ...words] = merged.test ?? [];
  if (words.length === 0 || (kind !== "CMD" && kind !== "CMD-SHELL")) return undefined;
  return {
    command: kind === "CMD" ? words : ["/bin/sh", "-c", words.join(" ")],
    intervalMs: merged.intervalMs ?? 30_000,
    timeoutMs: merged.timeoutMs ?? 30_000,
    retries: merged.retries ?? 3,
    startPeriodMs: merged.startPeriodMs ?? 0,
    startIntervalMs: merged.startIntervalMs ?? 5_000,
  };
}

/** Milliseconds from the end of a check, or from the start of the container `ageMs` ago, to the next one. */
export function nextCheckMs(plan: HealthPlan, health: HealthInfo, ageMs: number): number {
  const isEarly = health.status === "starting" && ageMs < plan.startPeriodMs;
  return isEarly ? Math.min(plan.startIntervalMs, plan.intervalMs) : plan.intervalMs;
}

/** What a container is after one more result. Failures of one that just started `ageMs` ago and was never healthy do not count. */
export function judgeHealth(plan: HealthPlan, health: HealthInfo, result: HealthResult, ageMs: number): HealthInfo {
  const log = [...health.log, result].slice(-LOG_LENGTH);
  if (result.exitCode === 0) return { status: "healthy", failingStreak: 0, log };
  if (health.status === "starting" && ageMs < plan.startPeriodMs) return { ...health, log };
  const failingStreak = health.failingStreak + 1;
  return { status: failingStreak >= plan.retries ? "unhealthy" : health.status, failingStreak, log };
}
