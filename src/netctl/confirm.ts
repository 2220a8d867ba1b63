/**
 * The question before something is lost.
 *
 * @module
 */
import { createInterface } from "node:readline";
import type { NetctlContext } from "./context.ts";

/** Ask on standard output, and read a line of standard input; only one that begins with a y is a yes. */
export async function confirm(question: string, context: NetctlContext): Promise<boolean> {
  context.stdout.write(question);
  const lines = createInterface({ input: context.stdin });
  for await (const line of lines) {
    lines.close();
    return /^y/i.test(line.trim());
  }
  return false;
}
