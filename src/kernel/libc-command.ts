/**
 * C functions that the one-shot commands and hooks need besides those of libc.ts.
 *
 * @module
 */
import { libc } from "./libc.ts";

export const getpid = libc.func("int getpid()") as () => number;
/** `requests` are struct pollfd of 8 bytes each; the time in milliseconds. */
export const poll = libc.func("int poll(void*, ulong, int)") as (
  requests: Buffer,
  count: number,
  timeoutMs: number,
) => number;
export const pread = libc.func("long pread(int, void*, size_t, long)") as (
  fd: number,
  into: Buffer,
  length: number,
  at: number,
) => number;

export const faccessat = libc.func("int faccessat(int, const char*, int, int)") as (
  dirfd: number,
  path: string,
  mode: number,
  flags: number,
) => number;

// posix_spawn(3)
export const posixSpawnAttributesInit = libc.func("int posix_spawnattr_init(void*)") as (attributes: Buffer) => number;
export const posixSpawnAttributesSetFlags = libc.func("int posix_spawnattr_setflags(void*, short)") as (
  attributes: Buffer,
  flags: number,
) => number;
/** `set` is a 128-byte sigset_t. */
export const posixSpawnAttributesSetSigMask = libc.func("int posix_spawnattr_setsigmask(void*, void*)") as (
  attributes: Buffer,
  set: Buffer,
) => number;
export const posixSpawnAttributesSetSigDefault = libc.func("int posix_spawnattr_setsigdefault(void*, void*)") as (
  attributes: Buffer,
  set: Buffer,
) => number;
export const posixSpawnAttributesDestroy = libc.func("int posix_spawnattr_destroy(void*)") as (
  attributes: Buffer,
) => number;
