import { once } from "node:events";
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { HostsWriter, rewriteInPlace } from "../../../../src/netd/names/hosts-writer.ts";
import { TemporaryDirectory } from "../temporary-directory.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("rewriteInPlace makes a file that is missing, readable for all", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("hosts");
  rewriteInPlace(path, "127.0.0.1\tlocalhost\n");
  expect(readFileSync(path, "utf8")).toBe("127.0.0.1\tlocalhost\n");
  expect(statSync(path).mode & 0o444).toBe(0o444);
});

test.each(["a longer text than before\n", "short\n", ""])(
  "rewriteInPlace keeps the inode and leaves exactly %j",
  (text) => {
    using directory = new TemporaryDirectory();
    const path = directory.file("hosts");
    writeFileSync(path, "the text before\n");
    const before = statSync(path).ino;
    const fd = openSync(path, "r");
    try {
      rewriteInPlace(path, text);
      expect(statSync(path).ino).toBe(before);
      // What a bind mount shows: the file that was opened, whatever became of its name.
      expect(readFileSync(fd, "utf8")).toBe(text);
    } finally {
      closeSync(fd);
    }
  },
);

/** Reads a file again and again until told to stop, then tells the contents it saw that do not begin as wanted. */
const READER = `
  const { readFileSync } = require("node:fs");
  const { parentPort, workerData } = require("node:worker_threads");
  const { path, beginning, stop } = workerData;
  const flag = new Int32Array(stop);
  const strange = new Set();
  for (let reads = 1; Atomics.load(flag, 0) === 0; reads++) {
    const seen = readFileSync(path, "utf8");
    if (!seen.startsWith(beginning)) strange.add(seen);
    Atomics.store(flag, 1, reads);
  }
  parentPort.postMessage([...strange]);
`;

test("rewriteInPlace never shows a reader an empty file, nor one without the beginning that all texts have", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("hosts");
  const beginning = "127.0.0.1\tlocalhost\n";
  const texts = [beginning, `${beginning}172.16.0.2\ta\n172.16.0.3\tb\n`];
  rewriteInPlace(path, beginning);
  const stop = new SharedArrayBuffer(8);
  const flag = new Int32Array(stop);
  const worker = new Worker(READER, { eval: true, workerData: { path, beginning, stop } });
  const strange = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await once(worker, "online");
  for (let round = 0; Atomics.load(flag, 1) < 3000; round++) rewriteInPlace(path, texts[round % 2]!); // it has two
  Atomics.store(flag, 0, 1);
  expect(await strange).toEqual([]);
  await worker.terminate();
});

test("HostsWriter.schedule rewrites once for several changes of one moment, and again for a later one", () => {
  vi.useFakeTimers();
  let rewrites = 0;
  const writer = new HostsWriter(() => rewrites++);
  writer.schedule();
  writer.schedule();
  expect(rewrites).toBe(0);
  vi.runAllTimers();
  expect(rewrites).toBe(1);
  writer.schedule();
  vi.runAllTimers();
  expect(rewrites).toBe(2);
});

test("HostsWriter.schedule does not lose a change that comes while it rewrites", () => {
  vi.useFakeTimers();
  let rewrites = 0;
  const writer = new HostsWriter(() => {
    rewrites++;
    if (rewrites === 1) writer.schedule();
  });
  writer.schedule();
  vi.runAllTimers();
  expect(rewrites).toBe(2);
});
