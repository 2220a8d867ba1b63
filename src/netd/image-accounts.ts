/**
 * Reads the account files of an image. The image is hostile: paths are resolved inside its root, and what is no small regular file is not read.
 *
 * @module
 */
import { readFileInRoot } from "../kernel/index.ts";
import type { AccountFiles } from "./user.ts";

/** Largest passwd or group file that is read, in bytes. */
const MAX_BYTES = 1 << 20;

/** Read /etc/passwd and /etc/group from the uppermost layer that has them. */
export function readAccountFiles(layers: readonly string[]): AccountFiles {
  return { passwd: readTopmost(layers, "etc/passwd"), group: readTopmost(layers, "etc/group") };
}

function readTopmost(layers: readonly string[], path: string): string {
  for (const layer of layers) {
    const content = readFileInRoot(layer, path, MAX_BYTES);
    if (content !== undefined) return content.toString("utf8");
  }
  return "";
}
