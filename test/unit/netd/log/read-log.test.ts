import { appendFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type ReadLogOptions, readLog } from "../../../../src/netd/log/read-log.ts";
import { ContainerLog } from "../../../../src/runtime/container-log.ts";
import { fullLogPath, listFullLogs } from "../../../../src/runtime/log-files.ts";
import { type Frame, FrameParser } from "../../../../src/stream/index.ts";
import { TemporaryDirectory } from "../temporary-directory.ts";

const TIME = "2026-01-01T00:00:00.123456789Z";
const ALL: ReadLogOptions = { isFollowing: false, hasTimestamps: false, tail: undefined, ended: Promise.resolve() };

const full = (text: string, stream = "stdout") => `${TIME} ${stream} F ${text}\n`;
const part = (text: string, stream = "stdout") => `${TIME} ${stream} P ${text}\n`;

async function readAll(path: string, options: Partial<ReadLogOptions> = {}): Promise<Frame[]> {
  const parser = new FrameParser();
  const frames: Frame[] = [];
  for await (const bytes of readLog(path, { ...ALL, ...options })) frames.push(...parser.push(bytes as Buffer));
  return frames;
}

async function readText(path: string, options: Partial<ReadLogOptions> = {}): Promise<string> {
  return Buffer.concat((await readAll(path, options)).map(({ payload }) => payload)).toString("utf8");
}

/** A log file with this text, read as text. */
async function readLogOf(text: string | Buffer, options: Partial<ReadLogOptions> = {}): Promise<string> {
  using directory = new TemporaryDirectory();
  writeFileSync(directory.file("log"), text);
  return await readText(directory.file("log"), options);
}

test("readLog of a file that is not there is empty", async () => {
  using directory = new TemporaryDirectory();
  expect(await readText(directory.file("missing"))).toBe("");
  expect(await readText(directory.file("missing"), { isFollowing: true, tail: 1 })).toBe("");
});

test("readLog gives each line to the stream that it was written to", async () => {
  using directory = new TemporaryDirectory();
  writeFileSync(directory.file("log"), full("out") + full("err", "stderr") + full("out again"));
  const frames = await readAll(directory.file("log"));
  expect(frames.map(({ kind, payload }) => [kind, payload.toString()])).toEqual([
    ["stdout", "out\n"],
    ["stderr", "err\n"],
    ["stdout", "out again\n"],
  ]);
});

test.each<[what: string, log: string, text: string]>([
  ["an empty line", full(""), "\n"],
  ["a line of blanks", full("  a  "), "  a  \n"],
  ["a line that looks like a log line", full(full("x").trim()), full("x")],
  ["a line in parts", part("one ") + part("two ") + full("three"), "one two three\n"],
  ["a last line without an end", full("a") + part("prompt> "), "a\nprompt> "],
  ["a carriage return", full("a\r"), "a\r\n"],
  ["what is no log line", `garbage\n\n${full("a")}${TIME} stdin F x\n${TIME} stdout X x\n`, "a\n"],
  ["a line that a crash cut short", `${full("a")}${TIME} stdout F half`, "a\n"],
])("readLog of %s is what the container wrote", async (_what, log, text) => {
  expect(await readLogOf(log)).toBe(text);
});

test("readLog passes on bytes that are no text", async () => {
  using directory = new TemporaryDirectory();
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index).filter((byte) => byte !== 10));
  const head = Buffer.from(`${TIME} stdout F `);
  writeFileSync(directory.file("log"), Buffer.concat([head, bytes, Buffer.from("\n")]));
  const [frame] = await readAll(directory.file("log"));
  expect(frame?.payload.equals(Buffer.concat([bytes, Buffer.from("\n")]))).toBe(true);
});

test("readLog reads lines longer than what it reads at once", async () => {
  const long = "x".repeat(200_000);
  expect(await readLogOf(full(long) + full("short") + full(long))).toBe(`${long}\nshort\n${long}\n`);
});

test("readLog puts the time before each line when asked for", async () => {
  expect(await readLogOf(full("a") + full("b"), { hasTimestamps: true })).toBe(`${TIME} a\n${TIME} b\n`);
});

test("readLog puts one time before a line written in parts, also when the other stream comes between them", async () => {
  const log =
    part("one ") + part("two ") + full("three") + part("a ") + full("error", "stderr") + full("b") + full("c");
  expect(await readLogOf(log, { hasTimestamps: true })).toBe(
    `${TIME} one two three\n${TIME} a ${TIME} error\nb\n${TIME} c\n`,
  );
});

const FIVE = full("1") + full("2", "stderr") + part("3a ") + part("3b ") + full("3c") + full("4") + full("5");

test.each<[tail: number | undefined, text: string]>([
  [undefined, "1\n2\n3a 3b 3c\n4\n5\n"],
  [0, ""],
  [1, "5\n"],
  [2, "4\n5\n"],
  [3, "3a 3b 3c\n4\n5\n"],
  [4, "2\n3a 3b 3c\n4\n5\n"],
  [5, "1\n2\n3a 3b 3c\n4\n5\n"],
  [6, "1\n2\n3a 3b 3c\n4\n5\n"],
  [1_000_000, "1\n2\n3a 3b 3c\n4\n5\n"],
])("readLog with a tail of %s counts a line written in parts once", async (tail, text) => {
  expect(await readLogOf(FIVE, { tail })).toBe(text);
});

test.each<[tail: number, text: string]>([
  [0, ""],
  [1, "prompt> "],
  [2, "b\nprompt> "],
  [3, "a\nb\nprompt> "],
])("readLog with a tail of %i counts a last line without an end", async (tail, text) => {
  expect(await readLogOf(full("a") + full("b") + part("prom") + part("pt> "), { tail })).toBe(text);
});

test("readLog with a tail finds it in a log of many reads", async () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${"y".repeat(index % 100)}`);
  expect(await readLogOf(lines.map((line) => full(line)).join(""), { tail: 2 })).toBe(
    `${lines.slice(-2).join("\n")}\n`,
  );
});

test("readLog that follows gives what comes later, until the end, with nothing lost or twice", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("log");
  writeFileSync(path, full("before"));
  let end: (value?: unknown) => void = () => {};
  const ended = new Promise((resolve) => {
    end = resolve;
  });
  const parser = new FrameParser();
  const seen: string[] = [];
  for await (const bytes of readLog(path, { ...ALL, isFollowing: true, ended })) {
    for (const { payload } of parser.push(bytes as Buffer)) {
      const text = payload.toString();
      seen.push(text);
      // Each line is written only when the one before was read; the last one comes with the end, half of another after it.
      if (text === "before\n") appendFileSync(path, full("first") + full("second").slice(0, 20));
      if (text === "first\n") appendFileSync(path, full("second").slice(20));
      if (text === "second\n") {
        appendFileSync(path, full("last"));
        end();
      }
    }
  }
  expect(seen).toEqual(["before\n", "first\n", "second\n", "last\n"]);
});

test("readLog that follows begins with the tail", async () => {
  expect(await readLogOf(FIVE, { tail: 1, isFollowing: true })).toBe("5\n");
});

test("readLog that follows ends at once when nothing more will be written", async () => {
  expect(await readLogOf(full("a"), { isFollowing: true, ended: Promise.resolve() })).toBe("a\n");
  expect(await readLogOf("", { isFollowing: true, ended: Promise.resolve() })).toBe("");
});

test("readLog stops watching when nobody reads any more", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("log");
  writeFileSync(path, full("a"));
  const stream = readLog(path, { ...ALL, isFollowing: true, ended: new Promise(() => {}) });
  for await (const _bytes of stream) break;
  expect(stream.destroyed).toBe(true);
  expect(process.getActiveResourcesInfo()).not.toContain("FSEvent");
});

const at = (second: number) => `2026-01-01T00:00:0${second}.000000000Z`;
const line = (second: number, text: string, tag = "F", stream = "stdout") => `${at(second)} ${stream} ${tag} ${text}\n`;
const SECONDS = line(1, "1") + line(2, "2a ", "P") + line(4, "e", "F", "stderr") + line(4, "2b") + line(5, "5");

test.each<[options: Partial<ReadLogOptions>, text: string]>([
  [{ since: at(2) }, "2a e\n2b\n5\n"],
  [{ since: at(3) }, "e\n5\n"],
  [{ since: at(6) }, ""],
  [{ until: at(0) }, ""],
  [{ until: at(1) }, "1\n"],
  [{ until: at(2) }, "1\n2a 2b\n"],
  [{ since: at(2), until: at(4) }, "2a e\n2b\n"],
  [{ since: at(2), tail: 1 }, "5\n"],
  [{ until: at(1), tail: 1 }, ""],
])("readLog with %j goes by the time at which a line began", async (options, text) => {
  expect(await readLogOf(SECONDS, options)).toBe(text);
});

test("readLog that follows ends when the time has come up to which lines are wanted", async () => {
  expect(await readLogOf(SECONDS, { isFollowing: true, until: at(1), ended: new Promise(() => {}) })).toBe("1\n");
});

test.each([undefined, 1, 5, 30, 59, 60, 61, 100])("readLog goes through all files of a log, tail %s", async (tail) => {
  using directory = new TemporaryDirectory();
  const path = directory.file("log");
  const log = new ContainerLog({ path, maxBytes: 500, maxFiles: 100, onLoss: () => {} });
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index}\n`);
  for (const [index, text] of lines.entries()) {
    // Half of them are written in parts, which may lie in different files.
    const cut = index % 2 === 0 ? text.length : 3;
    log.append("stdout", Buffer.from(text.slice(0, cut)));
    log.append("stdout", Buffer.from(text.slice(cut)));
  }
  log.close();
  expect(listFullLogs(path).length).toBeGreaterThan(5);
  expect(await readText(path, { tail })).toBe(lines.slice(-(tail ?? 60)).join(""));
});

test("readLog that follows goes from file to file with nothing lost or twice", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("log");
  const log = new ContainerLog({ path, maxBytes: 2000, maxFiles: 1000, onLoss: () => {} });
  let end: (value?: unknown) => void = () => {};
  const ended = new Promise((resolve) => {
    end = resolve;
  });
  const reading = readText(path, { isFollowing: true, ended });
  const count = 5000;
  for (let number = 0; number < count; number++) {
    log.append("stdout", Buffer.from(`${number}\n`));
    if (number % 10 === 0) await new Promise(setImmediate);
  }
  end();
  expect((await reading).trimEnd().split("\n").map(Number)).toEqual(Array.from({ length: count }, (_, index) => index));
});

test("readLog that follows goes on with the oldest file that is left when its own was removed long ago", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("log");
  const log = new ContainerLog({ path, maxBytes: 500, maxFiles: 3, onLoss: () => {} });
  log.append("stdout", Buffer.from("first\n"));
  const parser = new FrameParser();
  const seen: string[] = [];
  let end: (value?: unknown) => void = () => {};
  const ended = new Promise((resolve) => {
    end = resolve;
  });
  for await (const bytes of readLog(path, { ...ALL, isFollowing: true, ended })) {
    for (const { payload } of parser.push(bytes as Buffer)) seen.push(payload.toString().trim());
    if (seen.length > 1) continue;
    for (let number = 0; number < 100; number++) log.append("stdout", Buffer.from(`${number}\n`));
    log.close();
    end();
  }
  expect(seen[0]).toBe("first");
  expect(seen.at(-1)).toBe("99");
  const numbers = seen.slice(1).map(Number);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(numbers.slice(-20)).toEqual(Array.from({ length: 20 }, (_, index) => 80 + index));
});

test("readLog of a log whose current file was put away and not begun again", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("log");
  writeFileSync(fullLogPath(path, 3), full("a"));
  writeFileSync(fullLogPath(path, 4), full("b"));
  expect(await readText(path)).toBe("a\nb\n");
  expect(await readText(path, { tail: 1 })).toBe("b\n");
  expect(await readText(path, { isFollowing: true })).toBe("a\nb\n");
});
