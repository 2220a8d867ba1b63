/**
 * Takes a container away with all that was made for it.
 *
 * @module
 */
import { Cgroups } from "../../kernel/index.ts";
import { detachMount } from "../../kernel/process/index.ts";
import type { OciConfig } from "../oci/config.ts";
import { hasMountNamespace } from "../plan/mount-steps.ts";
import { isAlive } from "./container-status.ts";
import { loadNetDevices } from "./load-net-devices.ts";
import { tryHooks } from "./run-hooks.ts";
import type { StateStore, StoredState } from "./state-store.ts";

/** What {@link destroyContainer} takes away. */
export interface DestroyOptions {
  store: StateStore;
  state: StoredState;
  /** Absent when its creation was cut off before it had one. */
  config: OciConfig | undefined;
  cgroups?: Cgroups;
  /** Told of what could not be done. */
  warn: (message: string) => void;
}

/** Kill what runs, remove the cgroups and the state directory, and run the poststop hooks. Goes on after a failure, and tells of it. */
export async function destroyContainer(options: DestroyOptions): Promise<void> {
  const { store, state, config, cgroups = new Cgroups(), warn } = options;
  const { id, ociVersion, bundle, annotations, init } = state;
  if (init !== undefined && isAlive(init)) attempt(warn, () => process.kill(init.pid, "SIGKILL"));
  // Mounts of a namespace go with it; those on the host hang on the bind of the root.
  if (init !== undefined && config !== undefined && !hasMountNamespace(config)) {
    attempt(warn, () => detachMount(config.root.path));
  }
  attempt(warn, () => cgroups.remove(state.cgroupsPath));
  const { netDevices } = state;
  if (netDevices !== undefined) {
    attempt(warn, () => loadNetDevices().returnNetDevices(netDevices.taken, netDevices.pin));
  }
  attempt(warn, () => store.remove(id));
  await tryHooks("poststop", config?.hooks?.poststop, {
    state: { ociVersion, id, status: "stopped", bundle, annotations },
    warn,
  });
}

function attempt(warn: (message: string) => void, action: () => void): void {
  try {
    action();
  } catch (error) {
    warn(error instanceof Error ? error.message : String(error));
  }
}
