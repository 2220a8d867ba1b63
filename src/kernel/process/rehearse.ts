/**
 * Walks steps in our own process, in namespaces that nobody else is in, so that V8 knows their code: a forked child is born with what its
 * parent has learnt, and would otherwise interpret each of its few hundred system calls for the first time.
 *
 * @module
 */
import { check } from "../errno.ts";
import { close, open, setns, unshare } from "../libc.ts";
import type { WalkState } from "./define-step.ts";
import { CLONE_FLAG } from "./namespace-steps.ts";
import { O_CLOEXEC, O_RDONLY } from "./open-flags.ts";
import { definitionOf, type ProcessStep, type ProcessStepOp } from "./process-step.ts";

/** Steps that change nothing but what the namespaces here take with them when they end. */
const HARMLESS: ReadonlySet<ProcessStepOp> = new Set([
  "device.make",
  "directory.make",
  "hostname.set",
  "link.make",
  "mount.bind",
  "mount.filesystem",
  "mount.flags",
  "mount.propagation",
  "path.mask",
  "path.readonly",
  "root.overlay",
  "root.pivot",
  "root.readonly",
]);

const NAMESPACES = [
  { path: "/proc/thread-self/ns/mnt", flag: CLONE_FLAG.mount },
  { path: "/proc/thread-self/ns/uts", flag: CLONE_FLAG.uts },
  { path: "/proc/thread-self/ns/ipc", flag: CLONE_FLAG.ipc },
];

/**
 * Walk those of the steps that are harmless, once, and come back. Synchronous; on return the thread is where it was. One that can't come back
 * ends the process: going on with another root would be worse, and containers do without us.
 *
 * @throws {NetdError} of the step that failed
 */
export function rehearse(steps: readonly ProcessStep[]): void {
  const own = NAMESPACES.map(({ path, flag }) => ({
    flag,
    fd: check(open(path, O_RDONLY | O_CLOEXEC, 0), () => `open(${path})`),
  }));
  const state: WalkState = {
    ...{ rootFd: -1, reportFd: -1, ackFd: -1, nodeFdMax: -1 },
    opened: new Map(),
    kernelMounts: new Map(),
  };
  try {
    const flags = own.reduce((sum, { flag }) => sum | flag, 0);
    check(unshare(flags), () => "unshare(mount, uts, ipc)");
    for (const step of steps) if (HARMLESS.has(step.op)) definitionOf(step).walk(step, state);
  } finally {
    for (const fd of state.kernelMounts.values()) close(fd);
    if (state.rootFd >= 0) close(state.rootFd);
    for (const { fd, flag } of own) {
      if (setns(fd, flag) < 0) process.abort();
      close(fd);
    }
  }
}
