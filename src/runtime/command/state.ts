/**
 * `state`: print the state document.
 *
 * @module
 */
import type { CommandCall } from "./command.ts";
import { describeState } from "./container-status.ts";
import { StateStore } from "./state-store.ts";

/** State. */
export function state({ args, global }: CommandCall): number {
  const store = new StateStore(global.root);
  const document = describeState(store, store.readState(args[0]!)); // its count was checked
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  return 0;
}
