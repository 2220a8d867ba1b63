/**
 * Writes what a container's process does.
 *
 * @module
 */
import { faultPoint } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";

/** Write the state; a disk that refuses it is logged only, as the runtime's record tells the same after a restart. */
export function saveState({ store, logger }: DaemonContext, { row }: Container, failure: string): void {
  faultPoint(`save:${row.state}`);
  try {
    store.updateContainerState(row);
  } catch (error) {
    logger.error({ err: error, container: row.name }, failure);
  }
}
