import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ContainerLog } from "../../../src/runtime/container-log.ts";
import { fullLogPath, listFullLogs } from "../../../src/runtime/log-files.ts";
import type { LogLoss } from "../../../src/runtime/protocol.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "log-"));
  path = join(directory, "output.log");
});
afterEach(() => rmSync(directory, { recursive: true }));

const LINE_BYTES = "2026-11-22T04:00:00.000000000Z stdout F 0000\n".length;

function openLog(maxBytes: number, maxFiles: number, losses: LogLoss[] = []): ContainerLog {
  return new ContainerLog({ path, maxBytes, maxFiles, onLoss: (loss) => losses.push(loss) });
}

/** What all files hold, oldest first. */
function texts(): string {
  const files = [...listFullLogs(path).map((number) => fullLogPath(path, number)), path];
  return files
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => line.split(" ")[3])
    .join(" ");
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index).padStart(4, "0"));
}

test("ContainerLog puts full files away, none larger than asked for, and every line is in one of them", () => {
  const log = openLog(10 * LINE_BYTES, 1000);
  for (const line of numbers(0, 500)) log.append("stdout", Buffer.from(`${line}\n`));
  log.append("stdout", Buffer.from(`${numbers(500, 1000).join("\n")}\n`));
  log.close();
  expect(texts()).toBe(numbers(0, 1000).join(" "));
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10 * LINE_BYTES);
  expect(sizes.length).toBeGreaterThanOrEqual(100);
});

test("ContainerLog keeps no more files than asked for, and the newest lines", () => {
  const log = openLog(10 * LINE_BYTES, 3);
  for (const line of numbers(0, 1000)) log.append("stdout", Buffer.from(`${line}\n`));
  log.close();
  expect(readdirSync(directory)).toHaveLength(3);
  expect(numbers(0, 1000).join(" ").endsWith(texts())).toBe(true);
  expect(texts().split(" ").length).toBeGreaterThanOrEqual(20);
});

test("ContainerLog of one file begins it anew", () => {
  const log = openLog(10 * LINE_BYTES, 1);
  for (const line of numbers(0, 105)) log.append("stdout", Buffer.from(`${line}\n`));
  log.close();
  expect(readdirSync(directory)).toEqual(["output.log"]);
  expect(texts()).toMatch(/0104$/);
});

test("ContainerLog gives a line longer than a file may be a file of its own", () => {
  const log = openLog(100, 10);
  for (const text of ["a\n", `${"x".repeat(1000)}\n`, "b\n", "y".repeat(1000)]) log.append("stdout", Buffer.from(text));
  log.close();
  expect(texts()).toBe(`a ${"x".repeat(1000)} b ${"y".repeat(1000)}`);
});

test("ContainerLog goes on behind what an earlier one wrote, and puts its torn last line on a line of its own", () => {
  openLog(1000, 3).append("stdout", Buffer.from("one\n"));
  writeFileSync(path, "2026-11-22T04:00:00.0000", { flag: "a" });
  const log = openLog(2 * LINE_BYTES, 3);
  log.append("stdout", Buffer.from("two\n"));
  log.append("stdout", Buffer.from("three\n"));
  log.close();
  expect(texts().replace("undefined ", "").split(/\s+/)).toEqual(["one", "two", "three"]);
});

test("ContainerLog counts what the disk has no room for, and goes on when it can be written again", () => {
  const losses: LogLoss[] = [];
  // A directory in its place is as good as a full disk.
  const log = new ContainerLog({
    path: join(directory, "missing", "log"),
    maxBytes: 1e6,
    maxFiles: 2,
    loss: { bytes: 1, lines: 1 },
    onLoss: (loss) => losses.push(loss),
  });
  log.append("stdout", Buffer.from("one\ntwo\nthr"));
  log.append("stderr", Buffer.from("ee\n"));
  expect(losses).toEqual([
    { bytes: 12, lines: 3 },
    { bytes: 15, lines: 4 },
  ]);
  expect(log.loss).toEqual({ bytes: 15, lines: 4 });
});

test("ContainerLog on a full device loses whole lines and counts them", () => {
  const losses: LogLoss[] = [];
  const full = openSync("/dev/full", "r+");
  closeSync(full);
  const log = new ContainerLog({ path: "/dev/full", maxBytes: 1e6, maxFiles: 2, onLoss: (loss) => losses.push(loss) });
  log.append("stdout", Buffer.from("one\n"));
  expect(losses.at(-1)).toEqual({ bytes: 4, lines: 1 });
});
