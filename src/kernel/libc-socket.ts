/**
 * C functions of sockets that few callers need: see libc.ts.
 *
 * @module
 */
import { libc } from "./libc.ts";

const libcSend = libc.func("long send(int, const void*, size_t, int)");
/** Send on another thread, while this one goes on (send(2)); how many bytes, or less than 0. Nothing else may be done with the descriptor meanwhile. */
export const sendElsewhere = (fd: number, bytes: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    libcSend.async(fd, bytes, bytes.length, 0, (error: Error | null, result: number | bigint) =>
      error === null ? resolve(Number(result)) : reject(error),
    );
  });

/** `length` holds the size of `value`, and then what was written (getsockopt(2)). */
export const getsockopt = libc.func("int getsockopt(int, int, int, void*, void*)") as (
  fd: number,
  level: number,
  name: number,
  value: Buffer,
  length: Buffer,
) => number;
