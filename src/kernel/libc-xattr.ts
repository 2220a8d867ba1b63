/**
 * The C functions of extended attributes: see libc.ts.
 *
 * @module
 */
import koffi from "koffi";

const libc = koffi.load("libc.so.6");

export const flistxattr = libc.func("long flistxattr(int, void*, size_t)") as (
  fd: number,
  into: Buffer | null,
  size: number,
) => number;
export const fgetxattr = libc.func("long fgetxattr(int, const char*, void*, size_t)") as (
  fd: number,
  name: string,
  into: Buffer | null,
  size: number,
) => number;
export const fsetxattr = libc.func("int fsetxattr(int, const char*, const void*, size_t, int)") as (
  fd: number,
  name: string,
  value: Buffer,
  size: number,
  flags: number,
) => number;
