/**
 * Freezing containers, by the file that their state names.
 *
 * Source: Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst, cgroup-v2.rst.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import type { StoredState } from "./state-store.ts";

/** Let a frozen container go on. */
export function thawContainer(state: StoredState): void {
  write(state, "THAWED", "0");
}

function write({ id, freezerFile }: StoredState, v1: string, v2: string): void {
  if (freezerFile === undefined) {
    throw new NetdError("KERNEL_FEATURE_MISSING", `Cannot pause container "${id}": there is no freezer`, {
      remedy: "Mount the cgroup controller 'freezer', or version 2 of cgroups",
    });
  }
  writeFileSync(freezerFile, freezerFile.endsWith("freezer.state") ? v1 : v2);
}
