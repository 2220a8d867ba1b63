/**
 * Failures of node:fs as errors of the kernel.
 *
 * @module
 */
import { KernelError } from "./errno.ts";

/** Call a function of node:fs; `call` is what it does, after "Cannot". @throws {KernelError} */
export function fsCall<T>(call: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    throw errno === undefined ? error : new KernelError(call, -errno);
  }
}
