import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { JournalEntry } from "../../../src/kernel/index.ts";
import { Journal } from "../../../src/netd/journal.ts";
import { TemporaryDirectory } from "./temporary-directory.ts";

const ENTRY: JournalEntry = {
  phase: "applied",
  step: { op: "link.set", name: "br0", up: true },
  shell: ["ip link set dev br0 up"],
};

function readLines(path: string): unknown[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("Journal.flush writes what was noted, a line of JSON each, with its time", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("journal");
  const journal = new Journal(path);
  journal.note(ENTRY);
  journal.note({ ...ENTRY, phase: "failed", error: "Cannot set link:\nENODEV" });
  journal.flush();
  journal.flush();
  expect(readLines(path)).toEqual([
    { at: expect.stringMatching(/^\d{4}-.*Z$/), ...ENTRY },
    { at: expect.any(String), ...ENTRY, phase: "failed", error: "Cannot set link:\nENODEV" },
  ]);
});

test("Journal.note writes nothing before the flush", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("journal");
  new Journal(path).note(ENTRY);
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test("Journal goes on where an earlier one ended", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("journal");
  for (const name of ["first", "second"]) {
    const journal = new Journal(path);
    journal.note({ ...ENTRY, step: { op: "link.delete", name } });
    journal.flush();
  }
  expect(readLines(path)).toMatchObject([{ step: { name: "first" } }, { step: { name: "second" } }]);
});

test("Journal begins a new file when the old one is larger than eight megabytes, and keeps the old one", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("journal");
  writeFileSync(path, "x".repeat(8 * 2 ** 20 + 1));
  const journal = new Journal(path);
  journal.note(ENTRY);
  journal.flush();
  journal.note(ENTRY);
  journal.flush();
  expect(readLines(path)).toHaveLength(2);
  expect(statSync(`${path}.1`).size).toBe(8 * 2 ** 20 + 1);
});

test("Journal.flush stops nobody when it can't write", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("journal");
  mkdirSync(path);
  const journal = new Journal(path);
  journal.note(ENTRY);
  expect(() => journal.flush()).not.toThrowError();
});
