/**
 * Descriptors of processes (pidfd_open(2)).
 *
 * @module
 */
import { check } from "../errno.ts";
import { close, kill, pidfdGetfd, pidfdOpen } from "../libc.ts";

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

/** Send a signal to a process. False: it is gone. */
export function signalProcess(pid: number, signal: number): boolean {
  return kill(pid, signal) >= 0;
}
