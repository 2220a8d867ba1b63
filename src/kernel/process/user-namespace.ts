/**
 * A user namespace that nobody lives in: only its mappings are wanted, for a mount that shows other ids.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { check, KernelError } from "../errno.ts";
import { close, exitNow, kill, open, pidfdOpen, waitpid } from "../libc.ts";
import { cloneProcess } from "../libc-process.ts";
import { CLONE_FLAG } from "./namespace-steps.ts";
import { O_CLOEXEC, O_RDONLY } from "./open-flags.ts";

/** `size` ids from `containerID` inside are those from `hostID` outside. */
export interface IdRange {
  containerID: number;
  hostID: number;
  size: number;
}

/** Mappings of a user namespace. */
export interface IdMappings {
  uids: readonly IdRange[];
  gids: readonly IdRange[];
}

const SIGKILL = 9;
const SIGCHLD = 17;
const ESRCH = 3;

/**
 * Make a user namespace with these mappings; returns its descriptor, which the caller closes. The process that it is made with does
 * nothing and dies at once: until it is reaped its mappings can be written.
 *
 * @throws {KernelError} with the errno of the call that the kernel refused: a bad mapping is EINVAL or EPERM
 */
export function makeUserNamespace({ uids, gids }: IdMappings): number {
  const pid = check(cloneProcess(CLONE_FLAG.user | SIGCHLD), () => "clone(CLONE_NEWUSER)");
  if (pid === 0) exitNow(0);
  try {
    kill(pid, SIGKILL);
    const at = `/proc/${pidInProc(pid)}`;
    writeMap(`${at}/uid_map`, uids);
    writeMap(`${at}/gid_map`, gids);
    return check(open(`${at}/ns/user`, O_RDONLY | O_CLOEXEC, 0), () => `open(${at}/ns/user)`);
  } finally {
    waitpid(pid, null, 0);
  }
}

/** Write the lines of uid_map or gid_map: user_namespaces(7). */
export function formatIdMap(ranges: readonly IdRange[]): string {
  return ranges.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");
}

function writeMap(path: string, ranges: readonly IdRange[]): void {
  try {
    writeFileSync(path, formatIdMap(ranges));
  } catch (error) {
    throw new KernelError(`write ${path}`, -((error as NodeJS.ErrnoException).errno ?? -ESRCH));
  }
}

/** The number that /proc has for our child: it may show the pid namespace of an ancestor (proc_pid_fdinfo(5)). */
function pidInProc(pid: number): number {
  const pidfd = check(pidfdOpen(pid, 0), () => `pidfd_open(${pid})`);
  try {
    const [, digits] = /^Pid:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, "latin1")) ?? [];
    return digits === undefined ? pid : Number(digits);
  } finally {
    close(pidfd);
  }
}
