/**
 * The user's terminal while a container's terminal is shown in it.
 *
 * @module
 */
import type { ReadStream, WriteStream } from "node:tty";
import type { ResizePayload } from "../stream/index.ts";
import type { NetctlContext } from "./context.ts";
import { UsageError } from "./usage-error.ts";

/** A terminal that hands every key to the container. Restored when disposed, and by node itself when the process ends in any other way. */
export class RawTerminal implements Disposable {
  readonly #input: ReadStream;
  readonly #restore = (): void => {
    this.#input.setRawMode(false);
  };

  private constructor(input: ReadStream) {
    this.#input = input;
    input.setRawMode(true);
    process.once("exit", this.#restore);
  }

  /** Take over the terminal. */
  static async take(input: ReadStream): Promise<RawTerminal> {
    const terminal = new RawTerminal(input);
    // Node's raw mode still turns \n into \r\n on the way out; the container's terminal did that already.
    const { spawnSync } = await import("node:child_process");
    spawnSync("stty", ["-opost"], { stdio: [0, "ignore", "ignore"] });
    return terminal;
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#restore);
    this.#restore();
  }
}

/** The size of the terminal that output goes to, if it goes to one that knows its size. */
export function terminalSize(output: WriteStream): ResizePayload | undefined {
  return output.isTTY && output.rows > 0 && output.columns > 0
    ? { rows: output.rows, columns: output.columns }
    : undefined;
}

/**
 * Refuse a terminal for the command when we have none to show it in.
 *
 * @throws {UsageError} with docker's words and code.
 */
export function checkTerminal(options: { tty?: boolean; interactive?: boolean }, context: NetctlContext): void {
  if (!options.tty || !options.interactive || context.stdin.isTTY) return;
  throw new UsageError(
    "Cannot give the command a terminal: the input device is not a TTY",
    "leave out -t, or type the command in a terminal",
    1,
  );
}
