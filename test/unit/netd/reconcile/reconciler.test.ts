import { expect, test } from "vitest";
import type { DriftPolicy } from "../../../../src/api/index.ts";
import { createLogger } from "../../../../src/logger.ts";
import { EventFeed } from "../../../../src/netd/events.ts";
import type { Drift } from "../../../../src/netd/reconcile/drift.ts";
import { type LookScope, Reconciler } from "../../../../src/netd/reconcile/reconciler.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const GONE: Drift = {
  kind: "missing",
  object: "bridge br0",
  network: "lab",
  text: "it is gone",
  steps: [{ op: "link.set", name: "br0", up: true }],
};
const STRANGER: Drift = { kind: "foreign", object: "link x", text: "it is a port of br0", steps: [] };

/** A kernel that holds differences until they are mended. */
function makeReconciler({ policy = "heal" }: { policy?: DriftPolicy } = {}) {
  const clock = new FakeClock();
  const kernel: Drift[] = [];
  const looks: LookScope[] = [];
  const told: string[] = [];
  const events = new EventFeed({ now: () => clock.now() });
  events.listen(({ type, attributes }) => told.push(`${type} ${attributes?.object}`));
  const failures: Error[] = [];
  const reconciler = new Reconciler({
    look: (scope) => {
      looks.push(scope);
      return [...kernel];
    },
    mend: (drift) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      kernel.splice(kernel.indexOf(drift), 1);
    },
    policyOf: () => policy,
    clock,
    events,
    logger: createLogger("test", { level: "silent" }),
    pollMs: 30_000,
  });
  return { reconciler, clock, kernel, looks, told, failures };
}

test("Reconciler.hint has differences mended soon, and tells of each", () => {
  const { reconciler, clock, kernel, told, looks } = makeReconciler();
  kernel.push(GONE);
  reconciler.hint();
  reconciler.hint();
  expect(looks).toEqual([]);
  clock.advance(100);
  expect(kernel).toEqual([]);
  expect(told).toEqual(["drift.healed bridge br0"]);
  expect(looks).toEqual([{ rules: false, inside: false }]);
});

test("Reconciler.start looks at everything without a hint", () => {
  const { reconciler, clock, kernel, looks } = makeReconciler();
  reconciler.start();
  kernel.push(GONE);
  clock.advance(61_000);
  expect(kernel).toEqual([]);
  expect(looks).toEqual([
    { rules: true, inside: false },
    { rules: true, inside: false },
  ]);
  reconciler.stop();
  expect(clock.pending).toEqual([]);
});

test("Reconciler leaves what is a stranger's, and tells of it once while it stays", () => {
  const { reconciler, clock, kernel, told } = makeReconciler();
  kernel.push(STRANGER);
  for (let look = 0; look < 3; look++) {
    reconciler.hint({ rules: true });
    clock.advance(100);
  }
  expect(told).toEqual(["drift.found link x"]);
  kernel.length = 0;
  reconciler.hint({ rules: true });
  clock.advance(100);
  kernel.push(STRANGER);
  reconciler.hint({ rules: true });
  clock.advance(100);
  expect(told).toEqual(["drift.found link x", "drift.found link x"]);
});

test("Reconciler only tells where the policy is report, and is silent where it is off", () => {
  for (const [policy, expected] of [
    ["report", ["drift.found bridge br0"]],
    ["off", []],
  ] as const) {
    const { reconciler, clock, kernel, told } = makeReconciler({ policy });
    kernel.push(GONE);
    reconciler.hint();
    clock.advance(100);
    expect(kernel).toEqual([GONE]);
    expect(told).toEqual(expected);
  }
});

test("Reconciler.hold keeps from looking while a change of ours is half done", async () => {
  const { reconciler, clock, kernel, looks } = makeReconciler();
  kernel.push(GONE);
  await reconciler.hold(async () => {
    reconciler.hint();
    clock.advance(1000);
    expect(looks).toEqual([]);
  });
  clock.advance(100);
  expect(kernel).toEqual([]);
});

test("Reconciler mends once a second what somebody keeps breaking, and says so once", () => {
  const { reconciler, clock, kernel, told } = makeReconciler();
  let heals = 0;
  for (let ms = 0; ms < 20_000; ms += 50) {
    if (kernel.length === 0) {
      heals++;
      kernel.push(GONE);
      reconciler.hint();
    }
    clock.advance(50);
  }
  expect(heals).toBeGreaterThan(20);
  expect(heals).toBeLessThan(40);
  expect(told.filter((text) => text.startsWith("drift.contested"))).toHaveLength(1);
  expect(told.filter((text) => text.startsWith("drift.healed"))).toHaveLength(10);
});

test("Reconciler tells what it can't mend, and tries again at the next look", () => {
  const { reconciler, clock, kernel, told, failures } = makeReconciler();
  kernel.push(GONE);
  failures.push(new Error("EBUSY"));
  reconciler.hint();
  clock.advance(100);
  expect(told).toEqual(["drift.stuck bridge br0"]);
  reconciler.hint();
  clock.advance(100);
  expect(kernel).toEqual([]);
});

test("Reconciler.heal mends at once, whatever the policy, and returns what is left", () => {
  const { reconciler, kernel } = makeReconciler({ policy: "off" });
  kernel.push(GONE, STRANGER);
  expect(reconciler.heal({ rules: true, inside: true })).toEqual([STRANGER]);
});
