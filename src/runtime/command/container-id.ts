/**
 * Ids, which become names of directories.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";

const ID_MAX_LENGTH = 1024;

/** Check an id as runc does. @throws {NetdError} CONTAINER_NAME_INVALID */
export function checkContainerId(id: string): void {
  if (/^[\w+\-.]+$/.test(id) && id !== "." && id !== ".." && id.length <= ID_MAX_LENGTH) return;
  throw new NetdError("CONTAINER_NAME_INVALID", `Cannot use "${id}" as a container's id: invalid characters in it`, {
    remedy: "Use letters, digits and the signs '_', '+', '-' and '.'",
  });
}
