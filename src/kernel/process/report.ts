/**
 * What a starting process tells its parent, through a pipe that its exec closes: one JSON document a line.
 *
 * @module
 */
import type { ErrorDocument } from "../../errors.ts";
import { write } from "../libc.ts";

/** A step that failed, and how. */
export interface StepFailure {
  /** Index into the list of steps; -1 outside of it. */
  step: number;
  op: string;
  /** The failed call with its arguments, and its errno, when it was one. */
  call?: string;
  errno?: number;
  error: ErrorDocument;
}

/** One line of the pipe. End of file without a failure: the exec worked, or the process died. */
export type Report =
  | { terminal: number }
  | { listener: number }
  /** Pid of the child that takes the further steps in its place, as the parent of both sees it. */
  | { successor: number }
  /** Only tells that it lives. */
  | { progress: string }
  /** At `hooks.await`: wants an answer. */
  | { reached: "hooks" }
  /** Whether it runs a hook, for as long as that takes. */
  | { isBusy: boolean }
  /** At `start.wait`: hears from the parent no more. */
  | { waits: true }
  /** Of a child whose parent stays in its place: only the exec is left. */
  | { executing: true }
  | { failure: StepFailure };

/** Write one report; a pipe takes lines of this length whole. */
export function sendReport(fd: number, report: Report): void {
  const line = Buffer.from(`${JSON.stringify(report)}\n`);
  write(fd, line, line.length);
}
