/**
 * `pause` and `resume`: stop all processes of a container, and have them go on.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { Cgroups, freezeCgroup, thawCgroup } from "../../kernel/index.ts";
import type { CommandCall } from "./command.ts";
import { type ContainerStatus, findStatus } from "./container-status.ts";
import { StateStore, type StoredState } from "./state-store.ts";

/** Pause. */
export async function pause(call: CommandCall): Promise<number> {
  const { cgroupsPath } = find(call, "pause", ["running", "created"]);
  await freezeCgroup(new Cgroups(), cgroupsPath);
  return 0;
}

/** Resume. */
export function resume(call: CommandCall): number {
  const { cgroupsPath } = find(call, "resume", ["paused"]);
  thawCgroup(new Cgroups(), cgroupsPath);
  return 0;
}

function find({ args, global }: CommandCall, verb: string, wanted: readonly ContainerStatus[]): StoredState {
  const store = new StateStore(global.root);
  const id = args[0]!; // its count was checked
  const state = store.readState(id);
  const status = findStatus(store, state);
  if (wanted.includes(status)) return state;
  throw new NetdError(
    "CONTAINER_NOT_RUNNING",
    `Cannot ${verb} container "${id}": container not ${wanted.join(" or ")}, it is ${status}`,
    { remedy: `See 'netd-runtime state ${id}'` },
  );
}
