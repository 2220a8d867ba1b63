/**
 * Errors of system calls: the call, its arguments, the errno's name and what the kernel said besides.
 *
 * @module
 */
import { getSystemErrorMap } from "node:util";
import { NetdError } from "../errors.ts";
import { lastErrno } from "./libc.ts";

/** The symbol of an errno, such as `ENOENT`. */
export function errnoName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
}

/** The words of an errno, such as `no such file or directory`. */
export function errnoText(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? "unknown error";
}

/** A failed call into the kernel. Callers test `errno`, not the text. */
export class KernelError extends NetdError {
  override readonly name = "KernelError";
  readonly call: string;
  readonly errno: number;
  /** What the kernel itself said, such as netlink's extended acknowledgement. */
  readonly kernelText: string | undefined;

  /** `call` is the call with its arguments as a person would write it: `mount(proc, /proc, proc)`. */
  constructor(call: string, errno: number, kernelText?: string) {
    const said = kernelText === undefined || kernelText === "" ? "" : `; the kernel says: ${kernelText}`;
    super("KERNEL_CALL_FAILED", `Cannot ${call}: ${errnoName(errno)} (${errnoText(errno)})${said}`);
    this.call = call;
    this.errno = errno;
    this.kernelText = kernelText;
  }
}

/** Return `result`, or throw what errno says when it is negative. `call` is only made into text on failure. */
export function check(result: number, call: () => string): number {
  if (result < 0) throw new KernelError(call(), lastErrno());
  return result;
}
