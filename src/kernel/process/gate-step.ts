/**
 * The step at which a process waits for what happens outside of it.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { read } from "../libc.ts";
import type { ProcessStepDefinition } from "./define-step.ts";

/** Wait until the parent lets the process go on: its network is made at the same time by another process. */
export interface GateWaitStep {
  op: "gate.wait";
}

/** What the parent writes. */
export const GATE_ANSWER = { go: "g", callOff: "x" } as const;

/** Carries out {@link GateWaitStep}. */
export const gateWait: ProcessStepDefinition<GateWaitStep> = {
  walk(_step, { ackFd }) {
    const answer = Buffer.alloc(1);
    if (read(ackFd, answer, 1) === 1 && answer.toString("latin1") === GATE_ANSWER.go) return;
    throw new NetdError("LAUNCH_FAILED", "Cannot start the process: its start was called off");
  },
  toShell: () => [],
};
