/**
 * What a long-running daemon asks of the kernel for itself: to be the reaper of orphans, to be alone, to keep descriptors of others alive.
 *
 * @module
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { NetdError } from "../errors.ts";
import { check, errnoName, KernelError } from "./errno.ts";
import { close, fcntl, flock, lastErrno, pidfdGetfd, pidfdOpen, prctl, waitpid } from "./libc.ts";

// sys/file.h, linux/prctl.h, sys/wait.h, fcntl.h
const LOCK_EX = 2;
const LOCK_NB = 4;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Become the parent of orphaned descendants (prctl(2), PR_SET_CHILD_SUBREAPER). */
export function becomeSubreaper(): void {
  check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), () => "prctl(PR_SET_CHILD_SUBREAPER, 1)");
}

/** Take the exit status of a child away if it has ended; false when it lives or is no child of ours. */
export function reapChild(pid: number): boolean {
  return waitpid(pid, null, WNOHANG) === pid;
}

/** Pids of our children, ended ones included (proc(5), /proc/PID/task/TID/children). */
export function listChildren(): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/**
 * Lock a directory for as long as this process lives (flock(2) on its file `netd.lock`, which holds our pid).
 *
 * @throws {NetdError} DAEMON_ALREADY_RUNNING naming the pid of the holder
 */
export function lockDirectory(directory: string): void {
  const path = `${directory}/netd.lock`;
  const fd = openSync(path, "a+", 0o644);
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    const errno = lastErrno();
    closeSync(fd);
    if (errnoName(errno) !== "EAGAIN") throw new KernelError(`flock(${path})`, errno);
    const holder = lockHolder(directory);
    throw new NetdError(
      "DAEMON_ALREADY_RUNNING",
      `Cannot use '${directory}': a netd runs there${holder === undefined ? "" : ` (pid ${holder})`}`,
      {
        remedy: "Use that one, stop it first, or give other directories with --run-dir and --state-dir",
      },
    );
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`);
}

/** Pid of the netd that holds a directory's lock; undefined when none does. */
export function lockHolder(directory: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(`${directory}/netd.lock`, "r");
  } catch {
    return undefined;
  }
  try {
    if (flock(fd, LOCK_EX | LOCK_NB) >= 0) return undefined;
    const pid = Number(readFileSync(fd, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Duplicate a descriptor of another process into this one (pidfd_getfd(2)); the caller closes it. */
export function duplicateDescriptor(pid: number, fd: number): number {
  const pidfd = check(pidfdOpen(pid, 0), () => `pidfd_open(${pid})`);
  try {
    const duplicate = check(pidfdGetfd(pidfd, fd), () => `pidfd_getfd(${pid}, ${fd})`);
    fcntl(duplicate, F_SETFD, FD_CLOEXEC);
    return duplicate;
  } finally {
    close(pidfd);
  }
}

/** Close a descriptor that {@link duplicateDescriptor} returned. */
export function closeDescriptor(fd: number): void {
  close(fd);
}
