/**
 * What a container is doing, found out from what its state directory and /proc say.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { readProcessStat } from "../../kernel/proc/index.ts";
import type { ProcessIdentity, StateStore, StoredState } from "./state-store.ts";

/** The specification's, and runc's for a frozen one. */
export type ContainerStatus = "creating" | "created" | "running" | "paused" | "stopped";

/** The state document of a container, with runc's additions. */
export interface StateDocument {
  ociVersion: string;
  id: string;
  pid: number;
  status: ContainerStatus;
  bundle: string;
  rootfs: string;
  created: string;
  annotations?: Record<string, string>;
  owner: string;
}

/** Whether the very process lives; one that waits to be reaped does not. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== "Z" && stat.state !== "X";
}

/** Find out what a container is doing. */
export function findStatus(store: StateStore, { id, init, creator, freezerFile }: StoredState): ContainerStatus {
  if (init === undefined) return isAlive(creator) ? "creating" : "stopped";
  if (!isAlive(init)) return "stopped";
  if (existsSync(`${store.directory(id)}/start.fifo`)) return "created";
  return freezerFile !== undefined && isFrozen(freezerFile) ? "paused" : "running";
}

/** Make the state document. */
export function describeState(store: StateStore, state: StoredState): StateDocument {
  const { ociVersion, id, init, bundle, rootfs, created, annotations } = state;
  const status = findStatus(store, state);
  return {
    ociVersion,
    id,
    pid: status === "stopped" ? 0 : (init?.pid ?? 0),
    status,
    bundle,
    rootfs,
    created,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    owner: "",
  };
}

/** `FROZEN` or `FREEZING` in version 1, `1` in version 2. */
function isFrozen(freezerFile: string): boolean {
  try {
    return /^(FROZEN|FREEZING|1)$/.test(readFileSync(freezerFile, "utf8").trim());
  } catch {
    return false;
  }
}
