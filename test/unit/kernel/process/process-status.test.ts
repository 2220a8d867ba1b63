import { expect, test } from "vitest";
import { hasExecuted, parseProcessStat } from "../../../../src/kernel/proc/index.ts";
import { parseMaps } from "../../../../src/kernel/process/forkable-heap.ts";
import { exitCodeOf } from "../../../../src/kernel/process/process-status.ts";

const STAT =
  "4711 (a) b (c) Z 1 4711 4711 0 -1 4194624 100 0 0 0 1 2 0 0 20 0 3 0 424242 2000000 100 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 768\n";

test("parseProcessStat reads a line whose command holds blanks and parentheses", () => {
  expect(parseProcessStat(STAT)).toEqual({
    command: "a) b (c",
    state: "Z",
    parentPid: 1,
    flags: 4194624,
    threads: 3,
    startTime: 424242,
    waitStatus: 768,
  });
});

test("hasExecuted is false between fork and exec, and for what is gone", () => {
  const stat = parseProcessStat(STAT);
  expect(hasExecuted({ ...stat, flags: 0x40 })).toBe(false);
  expect(hasExecuted({ ...stat, flags: 0x400000 })).toBe(true);
  expect(hasExecuted(undefined)).toBe(false);
});

test.each([
  [0, 0],
  [7 << 8, 7],
  [9, 137],
  [15, 143],
  [0x80 | 11, 139],
])("exitCodeOf tells what a shell would show for wait status %i", (status, code) => {
  expect(exitCodeOf(status)).toBe(code);
});

test("parseMaps leaves the kernel's own page out", () => {
  const text =
    "00400000-00401000 r-xp 00000000 fe:01 1  /usr/bin/node\n7ffc00000000-7ffc00021000 rw-p 0 0:0 0 [stack]\nffffffffff600000-ffffffffff601000 --xp 0 0:0 0 [vsyscall]\n";
  expect(parseMaps(text)).toEqual([
    { start: 0x400000, length: 0x1000 },
    { start: 0x7ffc00000000, length: 0x21000 },
  ]);
});
