/**
 * The step that leaves a first process behind which does what one in a pid namespace must: reap what nobody waits for, and pass signals on.
 *
 * Source: pid_namespaces(7), sigwaitinfo(2), wait(2), ioctl_tty(2), tini's conventions.
 *
 * @module
 */
import { check } from "../errno.ts";
import { close, exitNow, fork, ioctlNumber, kill, prctl, setsid, sigprocmask, waitpid } from "../libc.ts";
import { sigwaitinfo } from "../libc-process.ts";
import type { ProcessStepDefinition, WalkState } from "./define-step.ts";
import { ForkableHeap } from "./forkable-heap.ts";
import { exitCodeOf } from "./process-status.ts";
import { sendReport } from "./report.ts";

/**
 * Fork: the child takes the exec that follows, in a session of its own. The process itself stays, has the child's user, capabilities and filter,
 * none of its streams, and ends with its exit code.
 */
export interface ProcessInitStep {
  op: "process.init";
  /** Standard input is a terminal that becomes the child's controlling one. */
  isTerminal: boolean;
}

/** What ps(1) shows for the process that stays. */
export const INIT_NAME = "netd-init";

/** linux/prctl.h. */
const PR_SET_DUMPABLE = 4;
const PR_SET_CHILD_SUBREAPER = 36;
const SIG_SETMASK = 2;
const ALL_SIGNALS = Buffer.alloc(128, 0xff);
const NO_SIGNALS = Buffer.alloc(128);
const WNOHANG = 1;
const SIGCHLD = 17;
/** asm-generic/ioctls.h. */
const TIOCSCTTY = 0x540e;

/** Carries out {@link ProcessInitStep}; returns in the child. */
export const processInit: ProcessStepDefinition<ProcessInitStep> = {
  walk({ isTerminal }, state) {
    // None may be lost between the fork and the first wait.
    sigprocmask(SIG_SETMASK, ALL_SIGNALS, null);
    const heap = new ForkableHeap();
    heap.prepare();
    // The first pass looks at all mappings, and may make some more; this one makes none.
    heap.prepare();
    const pid = check(fork(), () => "fork()");
    if (pid !== 0) return stayAsInit(pid, state);
    sigprocmask(SIG_SETMASK, NO_SIGNALS, null);
    check(setsid(), () => "setsid()");
    if (isTerminal) check(ioctlNumber(0, TIOCSCTTY, 0), () => "ioctl(TIOCSCTTY)");
    // The parent sees by the first process's flags whether there was an exec; this one will never have any.
    sendReport(state.reportFd, { executing: true });
  },
  toShell: () => [],
};

/** Never returns. Allocates nothing once it waits: it may do so for months. */
function stayAsInit(child: number, { reportFd }: WalkState): void {
  for (const fd of [0, 1, 2, reportFd]) close(fd);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // In a pid namespace of others orphans would go to theirs.
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  // Its command line too, which would tell of the host.
  process.title = INIT_NAME;
  const status = Buffer.alloc(4);
  for (;;) {
    const signal = sigwaitinfo(ALL_SIGNALS, null);
    if (signal > 0 && signal !== SIGCHLD) kill(child, signal);
    for (;;) {
      const ended = waitpid(-1, status, WNOHANG);
      if (ended <= 0) break;
      if (ended === child) exitNow(exitCodeOf(status.readInt32LE(0)));
    }
  }
}
