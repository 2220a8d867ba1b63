/**
 * The interpreter that runs in a process between its birth and its exec.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { formatError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { crashNow, exitNow, fcntl, prctl, read, umask } from "../libc.ts";
import type { WalkState } from "./define-step.ts";
import { definitionOf, type ProcessStep } from "./process-step.ts";
import { sendReport } from "./report.ts";

/** Exit code of a process that could not become its program; nobody but the parent sees it. */
const WALK_FAILED = 125;
/** linux/prctl.h. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const F_GETFD = 1;
const FD_CLOEXEC = 1;

/** No step: where {@link plantDeath} has a child die. */
const DEATH = "test.die";
/** No step either: where {@link plantOrphan} has a child wait for its parent's death. It is also the report by which the parent hears of it. */
export const ORPHAN = "test.orphan";

/** What {@link walkSteps} needs of the pipes to the parent. */
export interface WalkStepsOptions {
  /** Write end, close-on-exec, of the pipe that takes reports. */
  reportFd: number;
  /** Read end of the pipe that takes the parent's answers. */
  ackFd: number;
  /** Highest descriptor that Node needs for itself: {@link findNodeFdMax}. */
  nodeFdMax: number;
}

/** Find the highest descriptor that Node has opened; called before we open any of our own. What was inherited is not close-on-exec. */
export function findNodeFdMax(): number {
  const isNodes = (fd: number) => (fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) !== 0;
  return Math.max(2, ...readdirSync("/proc/self/fd").map(Number).filter(isNodes));
}

/** Have a child die before the step of this number, in tests. */
export function plantDeath(steps: readonly ProcessStep[], index: number): readonly ProcessStep[] {
  return plant(DEATH, steps, index);
}

/** Have its parent die before a child takes the step of this number, in tests. */
export function plantOrphan(steps: readonly ProcessStep[], index: number): readonly ProcessStep[] {
  return plant(ORPHAN, steps, index);
}

function plant(op: string, steps: readonly ProcessStep[], index: number): readonly ProcessStep[] {
  return index >= steps.length ? steps : steps.toSpliced(index, 0, { op } as unknown as ProcessStep);
}

/**
 * Get the steps, the last of which is `exec`, and take them. Never returns, whatever happens: a failure goes up the report pipe, then the process
 * exits.
 */
export function walkSteps(getSteps: () => readonly ProcessStep[], options: WalkStepsOptions): never {
  const state: WalkState = { rootFd: -1, opened: new Map(), kernelMounts: new Map(), ...options };
  let steps: readonly ProcessStep[] = [];
  let index = -1;
  try {
    // A runtime that dies takes its unfinished children along; signals.reset takes this back.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // Modes of what the steps make are exact; umask.set comes last.
    umask(0);
    steps = getSteps();
    for (index = 0; index < steps.length; index++) {
      const step = steps[index]!;
      if ((step.op as string) === DEATH) crashNow();
      if ((step.op as string) === ORPHAN) {
        sendReport(state.reportFd, { progress: ORPHAN });
        read(state.ackFd, Buffer.alloc(1), 1);
      }
      definitionOf(step).walk(step, state);
    }
    throw new Error("Cannot start a process: its steps do not end in an exec");
  } catch (error) {
    sendReport(state.reportFd, {
      failure: {
        step: index,
        op: steps[index]?.op ?? "",
        ...(error instanceof KernelError ? { call: error.call, errno: error.errno } : {}),
        error: formatError(error),
      },
    });
  }
  exitNow(WALK_FAILED);
  throw new Error("_exit returned");
}
