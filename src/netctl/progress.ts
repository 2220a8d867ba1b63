/**
 * Tells people at a terminal how far a long transfer is; says nothing in a pipe.
 *
 * @module
 */
import type { NetctlContext } from "./context.ts";
import { formatSize } from "./parse-size.ts";

const INTERVAL_MS = 200;

/** Pass bytes through, and show how many there were so far on standard error. */
export async function* withProgress(
  source: AsyncIterable<Buffer>,
  label: string,
  context: NetctlContext,
): AsyncGenerator<Buffer, void> {
  const { stderr } = context;
  let sentBytes = 0;
  let shownMs = context.nowMs();
  let isShown = false;
  try {
    for await (const bytes of source) {
      yield bytes;
      sentBytes += bytes.length;
      if (!stderr.isTTY || context.nowMs() - shownMs < INTERVAL_MS) continue;
      shownMs = context.nowMs();
      isShown = true;
      stderr.write(`\r\x1b[K${label}: ${formatSize(sentBytes)}`);
    }
  } finally {
    if (isShown) stderr.write("\r\x1b[K");
  }
}
