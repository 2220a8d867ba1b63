import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../../../../src/logger.ts";
import { type NewChange, PendingChanges } from "../../../../src/netd/change/pending-changes.ts";
import { EventFeed } from "../../../../src/netd/events.ts";
import { StateStore } from "../../../../src/netd/state-store.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { TemporaryDirectory } from "../temporary-directory.ts";

const CHANGE: NewChange = {
  what: "net set lab",
  subject: "network lab",
  seconds: 60,
  inverse: { kind: "network.set", data: { mtu: 1500 } },
};

/** A state file, and what one netd after the other makes of it. */
function makeState() {
  const directory = new TemporaryDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  const path = directory.file("netd.db");
  const clock = new FakeClock();
  const reverted: unknown[] = [];
  const told: string[] = [];
  const open = (handler: (data: unknown) => void = (data) => void reverted.push(data)) => {
    const state = new StateStore(path);
    onTestFinished(() => state[Symbol.dispose]());
    const events = new EventFeed({ now: () => clock.now() });
    events.listen(({ type }) => told.push(type));
    const changes = new PendingChanges({ state, clock, events, logger: createLogger("test", { level: "silent" }) });
    changes.handle("network.set", handler);
    return changes;
  };
  return { open, clock, reverted, told };
}

/** Let promises that are settled run on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("PendingChanges.run makes a change without seconds and forgets it", async () => {
  const { open, clock } = makeState();
  const changes = open();
  await expect(changes.run({ ...CHANGE, seconds: undefined }, () => "made")).resolves.toBe("made");
  expect(changes.list()).toEqual([]);
  expect(clock.pending).toEqual([]);
});

test("PendingChanges.run takes a change back at its deadline, once", async () => {
  const { open, clock, reverted, told } = makeState();
  const changes = open();
  await changes.run(CHANGE, () => {});
  expect(changes.list()).toMatchObject([{ what: "net set lab", until: "2026-01-01T00:01:00.000Z" }]);
  clock.advance(59_999);
  await settle();
  expect(reverted).toEqual([]);
  clock.advance(1);
  await settle();
  expect(reverted).toEqual([{ mtu: 1500 }]);
  expect(changes.list()).toEqual([]);
  expect(told).toEqual(["change.pending", "change.reverted"]);
});

test("PendingChanges.confirm has a change stay", async () => {
  const { open, clock, reverted } = makeState();
  const changes = open();
  await changes.run(CHANGE, () => {});
  changes.confirm(changes.list()[0]?.id ?? "");
  clock.advance(120_000);
  await settle();
  expect(reverted).toEqual([]);
  expect(open().list()).toEqual([]);
});

test("PendingChanges.revert takes a change back at once; a second time there is none", async () => {
  const { open, reverted } = makeState();
  const changes = open();
  await changes.run(CHANGE, () => {});
  const id = changes.list()[0]?.id ?? "";
  await changes.revert(id);
  expect(reverted).toEqual([{ mtu: 1500 }]);
  await expect(changes.revert(id)).rejects.toMatchObject({ code: "CHANGE_UNKNOWN" });
});

test("PendingChanges.run forgets a change that failed, and passes its error on", async () => {
  const { open, clock } = makeState();
  const changes = open();
  const failing = changes.run(CHANGE, () => {
    throw new Error("no such link");
  });
  await expect(failing).rejects.toThrow("no such link");
  expect(changes.list()).toEqual([]);
  expect(clock.pending).toEqual([]);
  expect(open().list()).toEqual([]);
});

test("PendingChanges.run refuses a second change of the same subject, also one that would stay", async () => {
  const { open } = makeState();
  const changes = open();
  await changes.run(CHANGE, () => {});
  await expect(changes.run({ ...CHANGE, seconds: undefined }, () => {})).rejects.toMatchObject({
    code: "CHANGE_PENDING",
  });
  await changes.run({ ...CHANGE, subject: "network other" }, () => {});
  expect(changes.list()).toHaveLength(2);
});

test("PendingChanges.run lets a handler use the same door", async () => {
  const { open } = makeState();
  const changes = open();
  let isBack = false;
  changes.handle("network.set", async () => {
    await changes.run({ ...CHANGE, seconds: undefined }, () => {
      isBack = true;
    });
  });
  await changes.run(CHANGE, () => {});
  await changes.revert(changes.list()[0]?.id ?? "");
  expect(isBack).toBe(true);
});

test("PendingChanges.resume takes back what became overdue while no netd lived, and waits for the rest", async () => {
  const { open, clock, reverted } = makeState();
  const first = open();
  await first.run(CHANGE, () => {});
  await first.run(
    { ...CHANGE, seconds: 600, subject: "network other", inverse: { kind: "network.set", data: 2 } },
    () => {},
  );
  first.stop();
  clock.advance(61_000);
  await settle();
  expect(reverted).toEqual([]);

  const second = open();
  await second.resume();
  expect(reverted).toEqual([{ mtu: 1500 }]);
  expect(second.list()).toHaveLength(1);
  clock.advance(600_000);
  await settle();
  expect(reverted).toEqual([{ mtu: 1500 }, 2]);
});

test("PendingChanges keeps a change whose inverse fails, and tries again", async () => {
  const { open, clock, reverted, told } = makeState();
  let isBroken = true;
  const changes = open((data) => {
    if (isBroken) throw new Error("disk full");
    reverted.push(data);
  });
  await changes.run(CHANGE, () => {});
  clock.advance(60_000);
  await settle();
  expect(told).toEqual(["change.pending", "change.stuck"]);
  expect(changes.list()).toHaveLength(1);
  isBroken = false;
  clock.advance(10_000);
  await settle();
  expect(reverted).toEqual([{ mtu: 1500 }]);
});
