/**
 * Descriptors that no program inherits.
 *
 * @module
 */
import { check } from "../errno.ts";
import { fcntl, pipe2 } from "../libc.ts";
import { O_CLOEXEC, O_NONBLOCK } from "./open-flags.ts";

/** Two descriptors; the caller closes them. */
export interface Pipe {
  read: number;
  write: number;
}

/** Make a pipe whose ends are close-on-exec (pipe2(2)). */
export function makePipe(): Pipe {
  const fds = Buffer.alloc(8);
  check(pipe2(fds, O_CLOEXEC), () => "pipe2(O_CLOEXEC)");
  return { read: fds.readInt32LE(0), write: fds.readInt32LE(4) };
}

/** linux/fcntl.h. */
const F_DUPFD_CLOEXEC = 1030;
const F_GETFL = 3;
const F_SETFL = 4;

/** Duplicate a descriptor, close-on-exec; the caller closes it. */
export function duplicateDescriptor(fd: number): number {
  return check(fcntl(fd, F_DUPFD_CLOEXEC, 0), () => `fcntl(${fd}, F_DUPFD_CLOEXEC)`);
}

/** Make reads and writes answer EAGAIN instead of waiting; for all duplicates of the descriptor too. */
export function setNonblocking(fd: number): void {
  const flags = check(fcntl(fd, F_GETFL, 0), () => `fcntl(${fd}, F_GETFL)`);
  check(fcntl(fd, F_SETFL, flags | O_NONBLOCK), () => `fcntl(${fd}, F_SETFL, O_NONBLOCK)`);
}
