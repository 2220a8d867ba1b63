/**
 * Changes that netd is asked for: done, or with `--show` only told.
 *
 * @module
 */
import type { ApiChange, ApiClient } from "../api/index.ts";
import type { CommonOptions, NetctlContext } from "./context.ts";
import { printCommands } from "./output.ts";

/** Have netd make a change, and return its answer. With `--show`, print the commands instead, and return undefined. */
export async function carryOut<T>(
  client: ApiClient,
  change: ApiChange<T>,
  options: CommonOptions,
  context: NetctlContext,
): Promise<T | undefined> {
  if (options.show !== true) return await client.apply(change);
  printCommands((await client.show(change)).commands, options, context);
  return undefined;
}
