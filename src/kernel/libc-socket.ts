/**
 * C functions of sockets that few callers need: see libc.ts.
 *
 * @module
 */
import { libc } from "./libc.ts";

/** `length` holds the size of `value`, and then what was written (getsockopt(2)). */
export const getsockopt = libc.func("int getsockopt(int, int, int, void*, void*)") as (
  fd: number,
  level: number,
  name: number,
  value: Buffer,
  length: Buffer,
) => number;
