/**
 * A JSON array as it arrives, one element after the other, so that a long one need not be held as a whole.
 *
 * @module
 */
import { NetdError } from "../errors.ts";

/**
 * Read the elements of an array of objects. Bytes may be cut anywhere.
 *
 * @throws {NetdError} INTERNAL: the bytes ended before the array, or are none
 */
export async function* readJsonArray<T>(body: AsyncIterable<Buffer>): AsyncGenerator<T, void> {
  const decoder = new TextDecoder();
  /** From the beginning of the element that is not complete yet. */
  let text = "";
  let at = 0;
  let depth = 0;
  let isInString = false;
  let isEnded = false;
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    for (; at < text.length; at += 1) {
      const character = text[at];
      if (isInString) {
        if (character === "\\") at += 1;
        else if (character === '"') isInString = false;
      } else if (character === '"') {
        isInString = true;
      } else if (character === "{" || character === "[") {
        depth += 1;
        if (depth === 2) [text, at] = [text.slice(at), 0];
      } else if (character === "}" || character === "]") {
        depth -= 1;
        if (depth === 0) isEnded = true;
        if (depth !== 1) continue;
        yield JSON.parse(text.slice(0, at + 1)) as T;
        [text, at] = [text.slice(at + 1), -1];
      }
    }
  }
  if (isEnded) return;
  throw new NetdError("INTERNAL", "Cannot read netd's answer: it ended in the middle, a whole array wanted", {
    remedy: "Look at netd's log, and try again",
  });
}
