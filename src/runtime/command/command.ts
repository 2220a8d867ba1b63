/**
 * What a one-shot command is.
 *
 * @module
 */
import type { FlagSpec, Flags } from "./command-line.ts";
import type { Reporter } from "./report.ts";

/** Options before the command's name. */
export interface GlobalOptions {
  /** Directory of the state directories. */
  root: string;
  isSystemdCgroup: boolean;
  version: string;
  /** Our own file, to be executed again. */
  script: string;
}

/** One call of a command. */
export interface CommandCall {
  global: GlobalOptions;
  flags: Flags;
  args: string[];
  report: Reporter;
}

/** Runs a command; returns its exit code. */
export type CommandAction = (call: CommandCall) => number | Promise<number>;

/** A command of the table. */
export interface CommandSpec {
  name: string;
  summary: string;
  /** How its arguments are written in help. */
  usage: string;
  /** Example lines. */
  examples: readonly string[];
  flags: readonly FlagSpec[];
  /** Fewest and most arguments. */
  count: readonly [min: number, max: number];
  /** The first argument ends the flags. */
  isOrdered?: boolean;
  /** It forks a process that enters a container: not before we are sealed. */
  forks?: boolean;
  /** Exit code of its failures; absent: 1. */
  failure?: number;
  /** Called for this command only: what it needs may be large. */
  load: () => CommandAction;
}
