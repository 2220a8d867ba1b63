/**
 * The one-shot commands that fork a container run from a read-only mount of node, as the daemon does. Built as a file of its own: the first of the
 * two processes needs nothing else.
 *
 * @module
 */
import { sealProgram } from "../../kernel/process/index.ts";
import { NODE_FLAGS } from "./node-flags.ts";

/** Execute ourselves again from a read-only mount. `preserved` descriptors from 3 on stay open. */
export function seal(script: string, preserved: number): never {
  const argv = ["netd-runtime", ...NODE_FLAGS, script, ...process.argv.slice(2)];
  return sealProgram({ program: process.execPath, argv, env: process.env, preserved });
}
