import { expect, test } from "vitest";
import type { HealthInfo, HealthResult } from "../../../../src/api/index.ts";
import { judgeHealth, nextCheckMs, planHealth } from "../../../../src/netd/container/health-check.ts";

const DEFAULTS = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 5_000,
};
const PLAN = { ...DEFAULTS, command: ["true"] };
const NEW: HealthInfo = { status: "starting", failingStreak: 0, log: [] };

function result(exitCode: number): HealthResult {
  return { start: "2026-01-01T00:00:00.000Z", end: "2026-01-01T00:00:01.000Z", exitCode, output: "" };
}

test("planHealth takes a container's own words first, then its image's, then docker's", () => {
  const image = { test: ["CMD", "image-check"], intervalMs: 1000, retries: 7 };
  expect(planHealth()).toBeUndefined();
  expect(planHealth({ intervalMs: 5 })).toBeUndefined();
  expect(planHealth({ test: ["CMD-SHELL", "a | b"] })).toEqual({ ...DEFAULTS, command: ["/bin/sh", "-c", "a | b"] });
  expect(planHealth({ retries: 2 }, image)).toEqual({
    ...DEFAULTS,
    ...{ command: ["image-check"], intervalMs: 1000, retries: 2 },
  });
  expect(planHealth({ test: ["NONE"] }, image)).toBeUndefined();
});

test("judgeHealth: one success heals, so many failures in a row make ill, and five results are kept", () => {
  let health = NEW;
  const seen: string[] = [];
  for (const code of [1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1]) {
    health = judgeHealth(PLAN, health, result(code), 60_000);
    seen.push(`${health.status} ${health.failingStreak}`);
  }
  expect(seen.join(", ")).toBe(
    "starting 1, starting 2, unhealthy 3, unhealthy 4, healthy 0, healthy 1, healthy 2, healthy 0, healthy 1, healthy 2, unhealthy 3",
  );
  expect(health.log.map(({ exitCode }) => exitCode)).toEqual([1, 0, 1, 1, 1]);
});

test("judgeHealth does not count failures of the start period, unless it was healthy before", () => {
  const plan = { ...PLAN, startPeriodMs: 10_000, retries: 1 };
  const early = judgeHealth(plan, NEW, result(1), 9_999);
  expect(early).toMatchObject({ status: "starting", failingStreak: 0, log: [{ exitCode: 1 }] });
  expect(judgeHealth(plan, NEW, result(1), 10_000).status).toBe("unhealthy");
  const healthy = judgeHealth(plan, NEW, result(0), 1);
  expect(judgeHealth(plan, healthy, result(1), 2).status).toBe("unhealthy");
});

test("nextCheckMs is the short interval while it starts", () => {
  const plan = { ...PLAN, startPeriodMs: 10_000, startIntervalMs: 100 };
  expect(nextCheckMs(plan, NEW, 0)).toBe(100);
  expect(nextCheckMs(plan, NEW, 10_000)).toBe(30_000);
  expect(nextCheckMs(plan, { ...NEW, status: "healthy" }, 0)).toBe(30_000);
  expect(nextCheckMs({ ...plan, intervalMs: 50 }, NEW, 0)).toBe(50);
});
