/**
 * The name that ps(1) and /proc/PID/comm show for this process.
 *
 * Source: PR_SET_NAME(2const).
 *
 * @module
 */
import { check } from "../errno.ts";
import { addressOf, prctl } from "../libc.ts";

const PR_SET_NAME = 15;

/** Name this process; the kernel keeps 15 bytes. Its children have the name until they execute something. */
export function nameProcess(name: string): void {
  const text = Buffer.from(`${name}\0`);
  check(prctl(PR_SET_NAME, addressOf(text), 0, 0, 0), () => `prctl(PR_SET_NAME, ${name})`);
}
