import { expect, test } from "vitest";
import { HealLimit } from "../../../../src/netd/reconcile/heal-limit.ts";

test("HealLimit.ask lets accidents be repaired at once", () => {
  const limit = new HealLimit();
  for (let repair = 0; repair < 10; repair++) {
    expect(limit.ask("bridge br0", 100 * repair)).toEqual({ waitMs: 0, isContested: false, isNewlyContested: false });
  }
});

test("HealLimit.ask allows one repair a second of what somebody keeps undoing, and says so once", () => {
  const limit = new HealLimit();
  for (let repair = 0; repair < 10; repair++) limit.ask("bridge br0", 100 * repair);
  expect(limit.ask("bridge br0", 1000)).toEqual({ waitMs: 900, isContested: false, isNewlyContested: false });
  expect(limit.ask("bridge br0", 1900)).toEqual({ waitMs: 0, isContested: true, isNewlyContested: true });
  expect(limit.ask("bridge br0", 2000)).toMatchObject({ waitMs: 900, isContested: true });
  expect(limit.ask("bridge br0", 2900)).toEqual({ waitMs: 0, isContested: true, isNewlyContested: false });
});

test("HealLimit.ask counts each object for itself", () => {
  const limit = new HealLimit();
  for (let repair = 0; repair < 11; repair++) limit.ask("bridge br0", 100 * repair);
  expect(limit.ask("bridge br1", 1100)).toMatchObject({ waitMs: 0, isContested: false });
});

test("HealLimit.ask forgets what was left in peace", () => {
  const limit = new HealLimit();
  for (let repair = 0; repair < 10; repair++) limit.ask("bridge br0", 100 * repair);
  limit.ask("bridge br0", 1900);
  expect(limit.ask("bridge br0", 12_000)).toEqual({ waitMs: 0, isContested: false, isNewlyContested: false });
});
