/**
 * `create`: make a container whose process waits for its start.
 *
 * @module
 */
import type { CommandCall } from "./command.ts";
import { createContainer } from "./create-container.ts";

/** Create. */
export async function create(call: CommandCall): Promise<number> {
  await createContainer(call, { waits: true, isDetached: true });
  return 0;
}
