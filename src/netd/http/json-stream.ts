/**
 * Long answers sent bit by bit.
 *
 * @module
 */
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";

/** Characters that are sent at once. */
const PIECE_LENGTH = 32_768;

/** Send text as it is made; others get their turn between two pieces, and nothing is made before it can be sent. */
export function streamText(parts: AsyncIterable<string>): Readable {
  return Readable.from(gather(parts), { objectMode: false, highWaterMark: PIECE_LENGTH });
}

/** Send an array, one element a line. */
export function streamJsonArray(items: AsyncIterable<unknown>): Readable {
  return streamText(formatArray(items));
}

async function* formatArray(items: AsyncIterable<unknown>): AsyncGenerator<string, void> {
  yield "[";
  let separator = "\n";
  for await (const item of items) {
    yield `${separator}${JSON.stringify(item)}`;
    separator = ",\n";
  }
  yield "\n]\n";
}

async function* gather(parts: AsyncIterable<string>): AsyncGenerator<Buffer, void> {
  let text = "";
  for await (const part of parts) {
    text += part;
    if (text.length < PIECE_LENGTH) continue;
    yield Buffer.from(text);
    text = "";
    await nextTurn();
  }
  yield Buffer.from(text);
}
