/**
 * The processes of a container.
 *
 * @module
 */
import { Cgroups } from "../../kernel/index.ts";
import type { StoredState } from "./state-store.ts";

/** List all processes of a container, in order, by pids as we see them. */
export function listProcesses({ cgroupsPath }: StoredState): number[] {
  return new Cgroups().pids(cgroupsPath);
}
