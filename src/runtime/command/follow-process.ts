/**
 * Stays with a process in the foreground: passes signals on, shows its terminal, waits for its end.
 *
 * @module
 */
import { constants } from "node:os";
import { becomeSubreaper, listChildren, reapChild } from "../../kernel/index.ts";
import { exitCodeOf, reap } from "../../kernel/process/index.ts";
import { type ShownTerminal, showTerminal } from "./show-terminal.ts";

/** What {@link followProcess} follows. */
export interface FollowOptions {
  /** Our child. */
  pid: number;
  /** Master of its terminal. */
  terminalFd: number | undefined;
  /** Reap what it leaves behind, from when this settles: until then a child of ours may be a hook, for which somebody waits. */
  reapsAfter?: Promise<void>;
}

/** Those that mean ourselves, or that nobody can catch. */
const KEPT: readonly string[] = [
  "SIGCHLD",
  "SIGWINCH",
  "SIGURG",
  "SIGPIPE",
  "SIGKILL",
  "SIGSTOP",
  "SIGPROF",
  "SIGSEGV",
  "SIGBUS",
  "SIGFPE",
  "SIGILL",
  "SIGIO",
  "SIGPOLL",
];

/** Resolves with the exit code of the process, as a shell would show it. */
export async function followProcess(options: FollowOptions): Promise<number> {
  const { pid, terminalFd, reapsAfter } = options;
  if (reapsAfter !== undefined) becomeSubreaper();
  const signals = Object.keys(constants.signals).filter((name) => !KEPT.includes(name)) as NodeJS.Signals[];
  const passOn = (signal: NodeJS.Signals): void => {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended; we hear of that next.
    }
  };
  for (const signal of signals) process.on(signal, passOn);
  const terminal: ShownTerminal | undefined = terminalFd === undefined ? undefined : showTerminal(terminalFd);
  const exitCode = await waitForEnd(options);
  terminal?.finish();
  for (const signal of signals) process.off(signal, passOn);
  return exitCode;
}

function waitForEnd({ pid, reapsAfter }: FollowOptions): Promise<number> {
  return new Promise((resolve) => {
    let reapsOthers = false;
    // Keeps the event loop alive, which a handler of signals does not.
    const anchor = setInterval(() => {}, 1 << 30);
    const collect = (): void => {
      if (reapsOthers) for (const child of listChildren()) if (child !== pid) reapChild(child);
      const status = reap(pid);
      if (status === undefined) return;
      clearInterval(anchor);
      process.off("SIGCHLD", collect);
      // Nobody but us reaps our children, so it is a status.
      resolve(typeof status === "number" ? exitCodeOf(status) : 255);
    };
    process.on("SIGCHLD", collect);
    // It may have ended before we listened.
    collect();
    void reapsAfter?.then(() => {
      reapsOthers = true;
      collect();
    });
  });
}
