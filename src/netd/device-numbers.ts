/**
 * Numbers of the host's block devices.
 *
 * @module
 */
import { statSync } from "node:fs";
import { NetdError } from "../errors.ts";

/** Find the numbers of the block device at `path` (makedev(3)). @throws {NetdError} API_REQUEST_INVALID when there is none */
export function findDeviceNumbers(path: string): { major: number; minor: number } {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (status?.isBlockDevice() !== true) {
    const now = status === undefined ? "there is nothing" : "it is no block device";
    throw new NetdError("API_REQUEST_INVALID", `Cannot limit device '${path}': ${now}, a block device wanted`, {
      remedy: "See the block devices with 'lsblk -p'",
    });
  }
  const { rdev } = status;
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
