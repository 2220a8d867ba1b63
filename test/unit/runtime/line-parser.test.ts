import fc from "fast-check";
import { expect, test } from "vitest";
import { LineParser } from "../../../src/runtime/line-parser.ts";

test("LineParser gives lines however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.infiniteStream(fc.integer({ min: 1, max: 5 })), (texts, sizes) => {
      const lines = texts.map((text) => text.replaceAll("\n", " "));
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const parser = new LineParser();
      const got: string[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = sizes.next().value ?? 1;
        got.push(...parser.push(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(got).toEqual(lines.map((line) => Buffer.from(line).toString()));
      expect(parser.heldBytes).toBe(0);
    }),
  );
});

test("LineParser counts what it holds, and hands it out", () => {
  const parser = new LineParser();
  expect(parser.push(Buffer.from("a\nbcd"))).toEqual(["a"]);
  expect(parser.heldBytes).toBe(3);
  expect(parser.takeRest().toString()).toBe("bcd");
  expect(parser.heldBytes).toBe(0);
});
