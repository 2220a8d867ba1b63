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

/** One line of the pipe. End of file without a failure: the exec worked, or the process died. Progress only tells that it lives. */
export type Report = { terminal: number } | { listener: number } | { progress: string } | { failure: StepFailure };

/** Write one report; a pipe takes lines of this length whole. */
export function sendReport(fd: number, report: Report): void {
  const line = Buffer.from(`${JSON.stringify(report)}\n`);
  write(fd, line, line.length);
}
