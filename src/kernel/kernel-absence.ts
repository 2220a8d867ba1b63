/**
 * Errors that mean "it is gone already", which taking down passes over.
 *
 * @module
 */
import { KernelError } from "./errno.ts";

// asm-generic/errno-base.h, asm-generic/errno.h
const ENOENT = 2;
const ESRCH = 3;
const ENODEV = 19;
const EADDRNOTAVAIL = 99;
const GONE: readonly number[] = [ENOENT, ESRCH, ENODEV, EADDRNOTAVAIL];

/** Whether an error of the kernel says that the link, address, route or namespace in question does not exist. */
export function isAbsence(error: unknown): boolean {
  return error instanceof KernelError && GONE.includes(error.errno);
}

/** Throw an error again, unless it says that what was asked for is gone already. */
export function throwUnlessGone(error: unknown): void {
  if (!isAbsence(error)) throw error;
}

/** Call `fn` and pass over what is gone already; whether there was something. */
export function unlessGone(fn: () => void): boolean {
  try {
    fn();
    return true;
  } catch (error) {
    throwUnlessGone(error);
    return false;
  }
}
