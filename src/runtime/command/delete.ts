/**
 * `delete`: take a container away.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { CommandCall } from "./command.ts";
import { type ContainerStatus, findStatus } from "./container-status.ts";
import { destroyContainer } from "./destroy-container.ts";
import { StateStore, type StoredState } from "./state-store.ts";

/** Delete. A created container goes as a stopped one does, any other only by force. */
export async function deleteContainer({ args, flags, global, report }: CommandCall): Promise<number> {
  const store = new StateStore(global.root);
  const id = args[0]!; // its count was checked
  const isForced = flags.bool("force");
  const state = find(store, id, isForced);
  if (state === undefined) return 0;
  const status = findStatus(store, state);
  if (!isForced && status !== "stopped" && status !== "created") throw notStopped(id, status);
  const config = state.init === undefined ? undefined : store.readConfig(id);
  await destroyContainer({ store, state, config, warn: report.warn });
  return 0;
}

/** By force it is no error that there is none, and what a creator left that died before its first word is removed. */
function find(store: StateStore, id: string, isForced: boolean): StoredState | undefined {
  try {
    return store.readState(id);
  } catch (error) {
    if (!isForced || !(error instanceof NetdError) || error.code !== "CONTAINER_UNKNOWN") throw error;
    store.remove(id);
    return undefined;
  }
}

function notStopped(id: string, status: ContainerStatus): NetdError {
  return new NetdError("CONTAINER_RUNNING", `Cannot delete container "${id}": it is ${status}, a stopped one wanted`, {
    remedy: `Stop it with 'netd-runtime kill ${id} KILL', or give --force`,
  });
}
