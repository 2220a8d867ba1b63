/**
 * Which process group a terminal listens to (tcsetpgrp(3), termios(3)): what a shell does when it brings a job to the foreground.
 *
 * @module
 */
import { closeSync, openSync, readFileSync } from "node:fs";
import { check } from "./errno.ts";
import { ioctl, setpgid, signal } from "./libc.ts";

// asm-generic/ioctls.h, asm/signal.h, signal.h
const TIOCSPGRP = 0x5410;
const SIGTTOU = 22;
const SIG_IGN = 1;

/** Whether the keyboard's signals reach this process: its group is the foreground one of its terminal. */
export function isInForeground(): boolean {
  const { group, terminalGroup } = readGroups();
  return terminalGroup > 0 && group === terminalGroup;
}

/** Make this process the leader of a process group of its own. */
export function leadProcessGroup(): void {
  check(setpgid(0, 0), () => "setpgid(0, 0)");
}

/**
 * Bring this process's group to the foreground of its terminal.
 *
 * From now on the process ignores SIGTTOU: a group in the background would be stopped for asking.
 */
export function takeTerminal(): void {
  signal(SIGTTOU, SIG_IGN);
  const { group } = readGroups();
  const argument = Buffer.alloc(4);
  argument.writeInt32LE(group);
  const terminal = openSync("/dev/tty", "r+");
  try {
    check(ioctl(terminal, TIOCSPGRP, argument), () => `ioctl(/dev/tty, TIOCSPGRP, ${group})`);
  } finally {
    closeSync(terminal);
  }
}

/** Our process group, and the one in the foreground of our terminal, -1 without a terminal: proc_pid_stat(5), fields 5 and 8. */
function readGroups(): { group: number; terminalGroup: number } {
  const stat = readFileSync("/proc/self/stat", "utf8");
  // The command's name, field 2, stands in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { group: Number(fields[2]), terminalGroup: Number(fields[5]) };
}
