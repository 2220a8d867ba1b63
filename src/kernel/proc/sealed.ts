/**
 * Whether this process was executed by `sealProgram`, from a read-only mount of its file.
 *
 * @module
 */

/** Set in the environment of the sealed program. */
export const SEALED = "NETD_RUNTIME_SEALED";

/** Whether this process was sealed. */
export function isSealed(env: NodeJS.ProcessEnv): boolean {
  return env[SEALED] === "1";
}
