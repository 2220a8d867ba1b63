/**
 * The step at which a created container waits for its start, whichever process asks for it.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { prctl, read } from "../libc.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { sendReport } from "./report.ts";

/**
 * Tell the parent that all is ready, outlive it, and wait for a byte. From then on failures go to `resultFd`, which the exec closes: whoever
 * starts the container reads there what the parent would have been told.
 */
export interface StartWaitStep {
  op: "start.wait";
  /** Descriptor of the parent: a FIFO, open in both directions so that it never ends. */
  startFd: number;
  /** The same, of another FIFO. */
  resultFd: number;
}

/** linux/prctl.h. */
const PR_SET_PDEATHSIG = 1;

/** Carries out {@link StartWaitStep}. */
export const startWait: ProcessStepDefinition<StartWaitStep> = {
  walk({ startFd, resultFd }, state) {
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    sendReport(state.reportFd, { waits: true });
    state.reportFd = resultFd;
    if (read(startFd, Buffer.alloc(1), 1) === 1) return;
    throw new NetdError("LAUNCH_FAILED", "Cannot start the process: nobody is left who could ask for it");
  },
  toShell: () => [],
};
