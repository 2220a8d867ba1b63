/**
 * The file of `--cidfile`: gets the id of a new container, for scripts.
 *
 * @module
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { NetdError } from "../errors.ts";

/** Refuse a file that is there: another container may be known by it. @throws {NetdError} API_REQUEST_INVALID */
export function checkCidFile(path: string | undefined): void {
  if (path === undefined || !existsSync(path)) return;
  throw new NetdError("API_REQUEST_INVALID", `Cannot write the id to '${path}': it exists, a new file wanted`, {
    remedy: `Make sure that its container is not needed any more, and remove '${path}'`,
  });
}

/** Write the id. @throws {NetdError} API_REQUEST_INVALID */
export function writeCidFile(path: string | undefined, id: string): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, id, { flag: "wx", mode: 0o644 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new NetdError(
      "API_REQUEST_INVALID",
      `Cannot write the id to '${path}': ${code}, a writable directory wanted`,
      {
        remedy: "Give a path in a directory that exists",
        cause,
      },
    );
  }
}

/** Remove the file again with a container that could not be started. */
export function removeCidFile(path: string | undefined): void {
  if (path !== undefined) rmSync(path, { force: true });
}
