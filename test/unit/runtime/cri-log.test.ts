import fc from "fast-check";
import { expect, test } from "vitest";
import { formatLogLines } from "../../../src/runtime/cri-log.ts";

const TIME = Date.UTC(2026, 10, 22, 4, 0, 0, 7);
const STAMP = "2026-11-22T04:00:00.007000000Z";

test.each([
  ["", ""],
  ["a\n", `${STAMP} stdout F a\n`],
  ["\n", `${STAMP} stdout F \n`],
  ["a", `${STAMP} stdout P a\n`],
  ["a\n\nb", `${STAMP} stdout F a\n${STAMP} stdout F \n${STAMP} stdout P b\n`],
])("formatLogLines writes %j", (output, expected) => {
  expect(formatLogLines("stdout", Buffer.from(output), TIME).toString()).toBe(expected);
});

test("formatLogLines keeps every byte", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (pieces) => {
      const lines = Buffer.concat(pieces.map((piece) => formatLogLines("stderr", Buffer.from(piece), TIME)));
      const prefix = `${STAMP} stderr X `.length;
      const read: Buffer[] = [];
      for (let from = 0; from < lines.length; ) {
        const end = lines.indexOf(0x0a, from);
        const isFull = lines[from + prefix - 2] === 0x46;
        read.push(lines.subarray(from + prefix, end), Buffer.from(isFull ? "\n" : ""));
        from = end + 1;
      }
      expect(Buffer.concat(read).equals(Buffer.concat(pieces))).toBe(true);
    }),
  );
});
