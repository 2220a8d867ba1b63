/**
 * The one-shot commands that fork a container run from a read-only mount of node, as the daemon does.
 *
 * @module
 */
import { isSealed, sealProgram } from "../../kernel/process/index.ts";

/** A forked child has one thread, so V8 must need no other. A small young generation is less to copy. */
export const NODE_FLAGS = ["--single-threaded", "--v8-pool-size=0", "--max-semi-space-size=1"];

/** Execute ourselves again from a read-only mount, unless this is it already. `preserved` descriptors from 3 on stay open. */
export function ensureSealed(script: string, preserved: number): void {
  if (!isSealed(process.env)) {
    const argv = ["netd-runtime", ...NODE_FLAGS, script, ...process.argv.slice(2)];
    sealProgram({ program: process.execPath, argv, env: process.env, preserved });
  }
  delete process.env.NETD_RUNTIME_SEALED;
}
