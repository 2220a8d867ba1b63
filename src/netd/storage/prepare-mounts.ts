/**
 * What a container's mounts need on the host before its start.
 *
 * @module
 */
import { existsSync, mkdirSync } from "node:fs";
import type { MountSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";

/**
 * Make the directories that `-v` promises to make, as docker does: for root, mode 0755.
 *
 * @throws {NetdError} MOUNT_SOURCE_MISSING when one can't be made
 */
export function prepareMounts(mounts: readonly MountSpec[]): void {
  for (const { type = "bind", source, createSource } of mounts) {
    if (type !== "bind" || source === undefined || createSource !== true || existsSync(source)) continue;
    try {
      mkdirSync(source, { recursive: true, mode: 0o755 });
    } catch (cause) {
      throw new NetdError(
        "MOUNT_SOURCE_MISSING",
        `Cannot mount '${source}': it does not exist and can't be made: ${cause instanceof Error ? cause.message : String(cause)}`,
        { remedy: "Make it by hand, or give another path", cause },
      );
    }
  }
}
