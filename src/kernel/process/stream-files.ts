/**
 * FIFOs and terminals, seen from outside a container.
 *
 * Source: mkfifo(3), ioctl_tty(2).
 *
 * @module
 */
import { KernelError } from "../errno.ts";
import { ioctl, lastErrno, mkfifo } from "../libc.ts";

const TIOCSWINSZ = 0x5414;
const EEXIST = 17;
/** Only root and, by a later chown, the container's user. */
const FIFO_MODE = 0o600;

/** Make a FIFO, unless there is one. */
export function makeFifo(path: string): void {
  if (mkfifo(path, FIFO_MODE) < 0 && lastErrno() !== EEXIST) throw new KernelError(`mkfifo(${path})`, lastErrno());
}

/** Tell a terminal its size, in characters; its programs get SIGWINCH. A terminal that has hung up does not mind. */
export function resizeTerminal(fd: number, rows: number, columns: number): void {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows & 0xffff, 0);
  size.writeUInt16LE(columns & 0xffff, 2);
  ioctl(fd, TIOCSWINSZ, size);
}
