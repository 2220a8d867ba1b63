import fc from "fast-check";
import { expect, test } from "vitest";
import { readJsonArray } from "../../../src/api/index.ts";

async function* cut(text: string, lengths: number[]): AsyncGenerator<Buffer> {
  let rest = Buffer.from(text);
  for (const length of lengths) {
    yield rest.subarray(0, length);
    rest = rest.subarray(length);
  }
  yield rest;
}

async function read(bytes: AsyncIterable<Buffer>): Promise<unknown[]> {
  const elements: unknown[] = [];
  for await (const element of readJsonArray(bytes)) elements.push(element);
  return elements;
}

const objects = fc.array(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue(), { maxKeys: 4 }), {
  maxLength: 8,
});

test("readJsonArray gives the elements of an array, wherever its bytes are cut, indented or not", async () => {
  const cuts = fc.array(fc.nat(20), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(objects, cuts, fc.boolean(), async (list, lengths, isIndented) => {
      const text = JSON.stringify(list, undefined, isIndented ? 2 : undefined);
      expect(await read(cut(text, lengths))).toEqual(JSON.parse(text));
    }),
  );
});

test("readJsonArray gives the first element before the second has come", async () => {
  let isSecondMade = false;
  async function* slowly(): AsyncGenerator<Buffer> {
    yield Buffer.from('[\n{"a":"]}"},');
    isSecondMade = true;
    yield Buffer.from('{"a":2}]');
  }
  const elements = readJsonArray(slowly());
  expect(await elements.next()).toEqual({ done: false, value: { a: "]}" } });
  expect(isSecondMade).toBe(false);
  expect(await elements.next()).toEqual({ done: false, value: { a: 2 } });
  expect(await elements.next()).toEqual({ done: true, value: undefined });
});

test.each(["", "[", '[{"a":1}', '[{"a":1},', '{"a":1'])(
  "readJsonArray refuses '%s', which ends early",
  async (text) => {
    await expect(read(cut(text, []))).rejects.toMatchObject({ code: "INTERNAL" });
  },
);
