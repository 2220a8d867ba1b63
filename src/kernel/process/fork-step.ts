/**
 * The step at which a process hands its further steps to a child: only a child can be in a new pid or time namespace.
 *
 * Source: clone(2), pid_namespaces(7), time_namespaces(7).
 *
 * @module
 */
import { check } from "../errno.ts";
import { close, exitNow, prctl, setns, unshare } from "../libc.ts";
import { cloneProcess } from "../libc-process.ts";
import { shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { ForkableHeap } from "./forkable-heap.ts";
import { CLONE_FLAG, openNamespace } from "./namespace-steps.ts";
import { sendReport } from "./report.ts";

/** Fork once more. The child is the parent's too, takes all further steps, and is in the pid namespace that is wanted. */
export interface ProcessForkStep {
  op: "process.fork";
  pidNamespace: "same" | "new" | { path: string } | { pid: number; pidfd: number };
}

const CLONE_PARENT = 0x8000;
const SIGCHLD = 17;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** Carries out {@link ProcessForkStep}. */
export const processFork: ProcessStepDefinition<ProcessForkStep> = {
  wraps: true,
  walk({ pidNamespace }, { reportFd }) {
    if (pidNamespace === "new") check(unshare(CLONE_FLAG.pid), () => "unshare(pid)");
    else if (pidNamespace !== "same") joinPidNamespace(pidNamespace);
    continueInChild(reportFd);
  },
  toShell({ pidNamespace }) {
    if (pidNamespace === "same") return [];
    if (pidNamespace === "new") return ["unshare --pid --fork"];
    return [
      "path" in pidNamespace
        ? `nsenter --pid=${shellQuote(pidNamespace.path)}`
        : `nsenter --target=${pidNamespace.pid} --pid`,
    ];
  },
};

/**
 * Go on in a child, which is the child of our parent: no subreaper is needed, and no wait until we are gone. Its pid is reported, as our
 * own pid namespace has it; then we end.
 */
export function continueInChild(reportFd: number): void {
  const heap = new ForkableHeap();
  heap.prepare();
  // The first pass looks at all mappings, and may make some more; this one makes none.
  heap.prepare();
  const pid = check(cloneProcess(CLONE_PARENT | SIGCHLD), () => "clone(CLONE_PARENT)");
  if (pid === 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return;
  }
  sendReport(reportFd, { successor: pid });
  exitNow(0);
}

function joinPidNamespace(target: { path: string } | { pid: number; pidfd: number }): void {
  if ("pidfd" in target) {
    check(setns(target.pidfd, CLONE_FLAG.pid), () => `setns(pid ${target.pid}, pid)`);
    return;
  }
  const { path } = target;
  const fd = openNamespace(path);
  check(setns(fd, CLONE_FLAG.pid), () => `setns(${path}, pid)`);
  close(fd);
}
