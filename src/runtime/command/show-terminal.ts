/**
 * A container's terminal, shown in the one that we run in.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { readTerminalSize, resizeTerminal, setRawTerminal } from "../../kernel/process/index.ts";
import { OutputPump } from "../output-pump.ts";
import { TerminalInput } from "../terminal-input.ts";

/** A terminal that is shown. */
export interface ShownTerminal {
  /** Show the rest and give the user's terminal back. */
  finish(): void;
}

/** Show the terminal of `masterFd`, which is closed at the end. Keys go in raw, sizes follow. */
export function showTerminal(masterFd: number): ShownTerminal {
  const restore = isatty(0) ? setRawTerminal(0) : undefined;
  const resize = (): void => {
    const size = readTerminalSize(0);
    if (size !== undefined) resizeTerminal(masterFd, size.rows, size.columns);
  };
  resize();
  process.on("SIGWINCH", resize);
  if (restore !== undefined) process.once("exit", restore);
  const output = new OutputPump({ fd: masterFd, isTerminal: true, take: writeAll });
  const input = process.stdin;
  const keys = new TerminalInput(masterFd, () => input.resume());
  input.on("data", (bytes: Buffer) => {
    if (!keys.write(bytes)) input.pause();
  });
  input.on("error", () => {});
  return {
    finish() {
      process.off("SIGWINCH", resize);
      keys.close();
      output.finish();
      input.destroy();
      if (restore !== undefined) {
        process.off("exit", restore);
        restore();
      }
    },
  };
}

/** Write to our standard output, waiting when it is full. */
function writeAll(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return true;
    }
  }
  return true;
}
