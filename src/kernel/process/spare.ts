/**
 * A child that is forked before anyone needs it, and waits for the steps it shall walk: the fork itself, and the first touch of each page it
 * shares with us, are over when a request comes.
 *
 * @module
 */
import { check } from "../errno.ts";
import { closeRange, exitNow, read } from "../libc.ts";
import type { ProcessStep } from "./process-step.ts";
import { rehearse } from "./rehearse.ts";

/** What a spare child needs besides its pipes. */
export interface AwaitStepsOptions {
  /** Write end of the pipe that takes reports. */
  reportFd: number;
  /** Read end of the pipe that brings the steps, and later the answers. */
  ackFd: number;
  /** Highest descriptor that Node needs for itself. */
  nodeFdMax: number;
  /** Walked where they do no harm while there is time. */
  rehearsal: readonly ProcessStep[];
}

/** Steps longer than this are not handed over: a pipe takes 64 KiB without waiting for its reader. */
export const STEPS_BYTES_MAX = 60_000;

const LENGTH_BYTES = 4;
/** Exit code of a spare that was never needed; nobody but the parent sees it. */
const NOT_NEEDED = 0;

/** Write steps as a spare child reads them. Undefined when they are too long for it. */
export function encodeSteps(steps: readonly ProcessStep[]): Buffer | undefined {
  const text = JSON.stringify(steps);
  const length = Buffer.byteLength(text);
  if (length > STEPS_BYTES_MAX) return undefined;
  const message = Buffer.allocUnsafe(LENGTH_BYTES + length);
  message.writeUInt32LE(length, 0);
  message.write(text, LENGTH_BYTES);
  return message;
}

/**
 * Wait, in the spare child, for steps. Descriptors of others go at once: held open here, a pipe would never end for its reader. Ends the process
 * when the parent has gone, or wants none.
 */
export function awaitSteps({ reportFd, ackFd, nodeFdMax, rehearsal }: AwaitStepsOptions): ProcessStep[] {
  closeAllBut([reportFd, ackFd], nodeFdMax);
  try {
    rehearse(rehearsal);
  } catch {
    // Only slower: what keeps the real steps from being taken will be reported by them.
  }
  const length = readExactly(ackFd, LENGTH_BYTES).readUInt32LE(0);
  return JSON.parse(readExactly(ackFd, length).toString("utf8")) as ProcessStep[];
}

function closeAllBut(kept: readonly number[], nodeFdMax: number): void {
  let from = nodeFdMax + 1;
  for (const fd of [...kept].sort((a, b) => a - b)) {
    if (fd > from) check(closeRange(from, fd - 1, 0), () => "close_range");
    from = Math.max(from, fd + 1);
  }
  check(closeRange(from, 0xffffffff, 0), () => "close_range");
}

function readExactly(fd: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = Number(read(fd, bytes.subarray(filled), length - filled));
    if (count <= 0) exitNow(NOT_NEEDED);
    filled += count;
  }
  return bytes;
}
