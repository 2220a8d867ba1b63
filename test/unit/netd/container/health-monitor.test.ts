import { expect, test } from "vitest";
import type { HealthInfo } from "../../../../src/api/index.ts";
import { HealthMonitor } from "../../../../src/netd/container/health-monitor.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const PLAN = {
  ...{ command: ["check"], intervalMs: 1000, timeoutMs: 500, retries: 2 },
  ...{ startPeriodMs: 0, startIntervalMs: 100 },
};
const NEW: HealthInfo = { status: "starting", failingStreak: 0, log: [] };

/** Let what is settled be dealt with. */
async function settle(): Promise<void> {
  await new Promise(setImmediate);
}

test("HealthMonitor checks after each interval, never two at a time, and stops when it is told", async () => {
  const clock = new FakeClock();
  const seen: HealthInfo[] = [];
  const pending: ((exitCode: number) => void)[] = [];
  const monitor = new HealthMonitor({
    plan: PLAN,
    health: NEW,
    startedAt: clock.now(),
    clock,
    probe: () =>
      new Promise((resolve) => {
        pending.push((exitCode) => resolve({ exitCode, output: "" }));
      }),
    onResult: (health) => seen.push(health),
  });
  clock.advance(999);
  expect(pending.length).toBe(0);
  clock.advance(1);
  expect(pending.length).toBe(1);
  clock.advance(60_000);
  expect(pending.length).toBe(1);
  pending[0]?.(0);
  await settle();
  expect(seen.map(({ status }) => status)).toEqual(["healthy"]);
  expect(seen[0]?.log).toEqual([
    { start: "2026-01-01T00:00:01.000Z", end: "2026-01-01T00:01:01.000Z", exitCode: 0, output: "" },
  ]);
  clock.advance(1000);
  expect(pending.length).toBe(2);
  monitor.stop();
  pending[1]?.(1);
  await settle();
  expect(seen.length).toBe(1);
  expect(clock.pending).toEqual([]);
});

test("HealthMonitor counts a check that could not be made neither way", async () => {
  const clock = new FakeClock();
  const seen: HealthInfo[] = [];
  const monitor = new HealthMonitor({
    plan: PLAN,
    health: NEW,
    startedAt: clock.now(),
    clock,
    probe: async () => undefined,
    onResult: (health) => seen.push(health),
  });
  clock.advance(1000);
  await settle();
  expect(seen).toEqual([]);
  expect(clock.pending).toEqual([1000]);
  monitor.stop();
});
