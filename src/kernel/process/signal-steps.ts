/**
 * The step that gives a process signals as it expects them at birth.
 *
 * @module
 */
import { prctl, signal, sigprocmask } from "../libc.ts";
import type { ProcessStepDefinition } from "./define-step.ts";

/** Reset every signal to its default, block none, and get none when the parent dies. Until then all are blocked, and Node's handlers are still in place. */
export interface SignalsResetStep {
  op: "signals.reset";
}

/** linux/prctl.h. */
const PR_SET_PDEATHSIG = 1;
const SIG_DFL = 0;
const SIG_SETMASK = 2;
/** Highest signal number, SIGRTMAX; SIGKILL and SIGSTOP refuse, without harm. */
const LAST_SIGNAL = 64;
/** sigset_t with nothing in it. */
const NO_SIGNALS = Buffer.alloc(128);

/** Carries out {@link SignalsResetStep}. */
export const signalsReset: ProcessStepDefinition<SignalsResetStep> = {
  walk() {
    for (let number = 1; number <= LAST_SIGNAL; number++) signal(number, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    sigprocmask(SIG_SETMASK, NO_SIGNALS, null);
  },
  toShell: () => [],
};
