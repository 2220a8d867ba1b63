/**
 * The user namespace that a container's process will enter.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { makeUserNamespace, openNamespace } from "../kernel/process/index.ts";
import type { OciConfig } from "./oci/config.ts";

/**
 * Open the user namespace of a container that has one: the given one, or a new one with its mappings. The caller closes the descriptor.
 *
 * @throws {NetdError} LAUNCH_FAILED when there is nothing to map; KERNEL_CALL_FAILED when the kernel refuses the mappings
 */
export function openUserNamespace({ linux }: OciConfig): number | undefined {
  const namespace = linux.namespaces.find(({ type }) => type === "user");
  if (namespace === undefined) return undefined;
  if (namespace.path !== undefined) return openNamespace(namespace.path);
  const { uidMappings: uids = [], gidMappings: gids = [] } = linux;
  if (uids.length === 0 || gids.length === 0) {
    throw new NetdError(
      "LAUNCH_FAILED",
      "Cannot make a user namespace: linux.uidMappings or linux.gidMappings is empty, at least one range each is needed",
      { remedy: 'Map ids, for example with "uidMappings": [{ "containerID": 0, "hostID": 231072, "size": 65536 }]' },
    );
  }
  return makeUserNamespace({ uids, gids });
}
