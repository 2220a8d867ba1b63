/**
 * Changes that netd takes back unless somebody confirms them, for those that may cut off who makes them.
 *
 * @module
 */
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { type ApiClient, type PendingChange, settleChange } from "../api/index.ts";
import type { CommonOptions, NetctlContext } from "./context.ts";
import { durationParser } from "./parse-duration.ts";
import { UsageError } from "./usage-error.ts";

/** The option as commander parses it: milliseconds. */
export interface ConfirmOptions {
  confirm?: number;
}

const LONGEST_SECONDS = 3600;
const EXIT_SIGINT = 128 + 2;

/** How the wait for Enter ended. */
type Answer = "keep" | "revert" | "interrupted" | "late";

/** Add `--confirm`. */
export function addConfirmOption(command: Command): Command {
  return command.option("--confirm <time>", "take it back after this time, such as 60s, unless confirmed", parseTime);
}

/** The part of a request that the option makes. */
export function toConfirmSeconds({ confirm }: ConfirmOptions): { confirmSeconds?: number } {
  return confirm === undefined ? {} : { confirmSeconds: Math.ceil(confirm / 1000) };
}

/**
 * See a change through that awaits confirmation: on a terminal, Enter keeps it, and anything else takes it back; elsewhere, tell how to confirm it.
 * Nothing is said with `--json`: the document that was printed has it.
 */
export async function followPending(
  pending: PendingChange | undefined,
  { client, options, context }: { client: ApiClient; options: CommonOptions; context: NetctlContext },
): Promise<void> {
  if (pending === undefined || options.json) return;
  const { id, what, until } = pending;
  const secondsLeft = Math.max(0, Math.round((Date.parse(until) - context.nowMs()) / 1000));
  if (!context.stdin.isTTY || !context.stdout.isTTY) {
    context.stdout.write(`${what}: taken back in ${secondsLeft} s unless confirmed: netctl change confirm ${id}\n`);
    return;
  }
  const question = `${what}: done. Press Enter within ${secondsLeft} s to keep it, Ctrl-C to take it back. `;
  const answer = await askEnter(question, secondsLeft, context);
  if (answer === "keep") {
    await client.apply(settleChange(id, "confirm"));
    context.stdout.write("Kept\n");
    return;
  }
  if (answer !== "late") await client.apply(settleChange(id, "revert"));
  context.stdout.write(answer === "late" ? "\nNobody confirmed it: netd takes it back\n" : "\nTaken back\n");
  context.exitCode = answer === "interrupted" ? EXIT_SIGINT : 1;
}

function askEnter(question: string, seconds: number, context: NetctlContext): Promise<Answer> {
  const lines = createInterface({ input: context.stdin });
  return new Promise((resolve) => {
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      process.off("SIGINT", interrupt);
      resolve(answer);
      // Tells its end to us as well, which then changes nothing.
      lines.close();
    };
    const interrupt = (): void => settle("interrupted");
    const timer = setTimeout(() => settle("late"), seconds * 1000);
    process.on("SIGINT", interrupt);
    lines.on("line", (line) => settle(/^\s*(y|yes)?\s*$/i.test(line) ? "keep" : "revert"));
    lines.on("close", () => settle("revert"));
    // Last: whoever reads it may press Ctrl-C at once.
    context.stdout.write(question);
  });
}

function parseTime(text: string): number {
  const ms = durationParser("--confirm")(text);
  if (ms > 0 && ms <= LONGEST_SECONDS * 1000) return ms;
  throw new UsageError(`Cannot read --confirm '${text}': a time from 1s to 1h wanted`, "--confirm 60s");
}
