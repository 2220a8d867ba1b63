import { expect, test } from "vitest";
import type { RestartPolicy } from "../../../../src/api/index.ts";
import { decideRestart, startsWithDaemon } from "../../../../src/netd/container/restart-policy.ts";
import type { ContainerRow } from "../../../../src/netd/state-store.ts";

const ENDED = { exitCode: 1, isStoppedByUser: false, restartCount: 0, lastDelayMs: 0, ranMs: 50 };
const always: RestartPolicy = { policy: "always" };

test.each<[policy: RestartPolicy | undefined, exitCode: number, restartCount: number, restarts: boolean]>([
  [undefined, 1, 0, false],
  [{ policy: "no" }, 1, 0, false],
  [always, 0, 99, true],
  [{ policy: "unless-stopped" }, 0, 99, true],
  [{ policy: "on-failure" }, 0, 0, false],
  [{ policy: "on-failure" }, 1, 1000, true],
  [{ policy: "on-failure", maxRetries: 0 }, 1, 1000, true],
  [{ policy: "on-failure", maxRetries: 3 }, 1, 2, true],
  [{ policy: "on-failure", maxRetries: 3 }, 1, 3, false],
])("decideRestart with %o, exit code %d and %d restarts behind it: %s", (policy, exitCode, restartCount, restarts) => {
  expect(decideRestart({ ...ENDED, policy, exitCode, restartCount }) !== undefined).toBe(restarts);
  expect(decideRestart({ ...ENDED, policy, exitCode, restartCount, isStoppedByUser: true })).toBeUndefined();
});

test("decideRestart waits 100 ms, twice as long each time, and a minute at most", () => {
  const waits: number[] = [];
  let lastDelayMs = 0;
  for (let run = 0; run < 12; run++) {
    lastDelayMs = decideRestart({ ...ENDED, policy: always, lastDelayMs }) ?? Number.NaN;
    waits.push(lastDelayMs);
  }
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
});

test("decideRestart begins with 100 ms again after ten seconds of running", () => {
  const run = { ...ENDED, policy: always, lastDelayMs: 6400 };
  expect(decideRestart({ ...run, ranMs: 9_999 })).toBe(12_800);
  expect(decideRestart({ ...run, ranMs: 10_000 })).toBe(100);
});

const ROW: ContainerRow = {
  id: "a".repeat(64),
  name: "web",
  spec: { image: "busybox" },
  hostname: "web",
  image: { id: "sha256:0", config: { cmd: [], env: [], workdir: "", user: "" } },
  command: ["true"],
  network: "default",
  endpoints: [],
  ports: [],
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: "2026-01-01T00:00:00.000Z",
  state: "exited",
  exitCode: 1,
};

test.each<[what: string, row: Partial<ContainerRow>, policy: RestartPolicy, starts: boolean]>([
  ["stopped by a user, always", { isStoppedByUser: true }, always, true],
  ["stopped by a user, unless-stopped", { isStoppedByUser: true }, { policy: "unless-stopped" }, false],
  ["stopped by a user, on-failure", { isStoppedByUser: true }, { policy: "on-failure" }, false],
  ["failed, on-failure", {}, { policy: "on-failure" }, true],
  ["failed as often as it may", { restartCount: 2 }, { policy: "on-failure", maxRetries: 2 }, false],
  ["ended well, on-failure", { exitCode: 0 }, { policy: "on-failure" }, false],
  ["ended, no policy", {}, { policy: "no" }, false],
  ["waiting for its restart", { state: "restarting" }, { policy: "on-failure" }, true],
  ["running", { state: "running" }, always, false],
])("startsWithDaemon: %s", (_what, row, restart, starts) => {
  expect(startsWithDaemon({ ...ROW, ...row, spec: { image: "busybox", restart } })).toBe(starts);
});

test("startsWithDaemon leaves what no user ever started", () => {
  const { startedAt: _never, ...created } = ROW;
  expect(startsWithDaemon({ ...created, state: "created", spec: { image: "busybox", restart: always } })).toBe(false);
});
