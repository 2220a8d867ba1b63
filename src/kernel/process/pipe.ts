/**
 * Descriptors that no program inherits.
 *
 * @module
 */
import { check } from "../errno.ts";
import { fcntl, pipe2 } from "../libc.ts";
import { O_CLOEXEC } from "./open-flags.ts";

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

/** Duplicate a descriptor, close-on-exec; the caller closes it. */
export function duplicateDescriptor(fd: number): number {
  return check(fcntl(fd, F_DUPFD_CLOEXEC, 0), () => `fcntl(${fd}, F_DUPFD_CLOEXEC)`);
}
