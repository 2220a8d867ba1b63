/**
 * Descriptors of processes (pidfd_open(2)).
 *
 * @module
 */
import { check } from "../errno.ts";
import { close, pidfdGetfd, pidfdOpen, pidfdSendSignal } from "../libc.ts";

/** Open a descriptor of a process; the caller closes it. @throws {KernelError} ESRCH when there is no such process */
export function openProcess(pid: number): number {
  return check(pidfdOpen(pid, 0), () => `pidfd_open(${pid})`);
}

/** Duplicate a descriptor of another process (pidfd_getfd(2)). @throws {KernelError} when it has none such, or is gone */
export function takeDescriptor(pid: number, fd: number): number {
  const pidfd = openProcess(pid);
  try {
    return check(pidfdGetfd(pidfd, fd), () => `pidfd_getfd(${pid}, ${fd})`);
  } finally {
    close(pidfd);
  }
}

/** Send a signal to the very process that `pidfd` was opened for, never to a later one with its pid. False: it is gone. */
export function signalProcess(pidfd: number, signal: number): boolean {
  return pidfdSendSignal(pidfd, signal) >= 0;
}
