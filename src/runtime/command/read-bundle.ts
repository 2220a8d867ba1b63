/**
 * A bundle: a directory with a configuration and a root file system.
 *
 * @module
 */
import { readFileSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { NetdError } from "../../errors.ts";
import type { OciConfig } from "../oci/config.ts";

/** A bundle that was read. */
export interface Bundle {
  /** Absolute, without symlinks. */
  path: string;
  /** Its root path is absolute. */
  config: OciConfig;
}

/** Read a bundle. @throws {NetdError} BUNDLE_INVALID, CONFIG_INVALID */
export function readBundle(directory: string, id: string): Bundle {
  const path = findBundle(directory);
  const document = parseDocument(`${path}/config.json`) as Partial<OciConfig>;
  const { process, linux, root } = document;
  const none: string[] = [];
  const capabilities = { bounding: none, effective: none, inheritable: none, permitted: none, ambient: none };
  const config = {
    ...document,
    process: {
      ...process,
      env: process?.env ?? [],
      user: { uid: 0, gid: 0, ...process?.user },
      ...(process?.capabilities === undefined ? {} : { capabilities: { ...capabilities, ...process.capabilities } }),
    },
    root: { ...root, path: resolve(path, root?.path ?? "rootfs") },
    mounts: document.mounts ?? [],
    linux: { ...linux, namespaces: linux?.namespaces ?? [], cgroupsPath: resolve("/", linux?.cgroupsPath ?? id) },
  } as OciConfig;
  return { path, config };
}

function findBundle(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (error) {
    throw new NetdError("BUNDLE_INVALID", `Cannot use the bundle ${resolve(directory)}: ${(error as Error).message}`, {
      remedy: "Name an existing directory with --bundle",
      cause: error,
    });
  }
}

function parseDocument(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new NetdError(
      "BUNDLE_INVALID",
      code === "ENOENT" ? `JSON specification file ${path} not found` : `Cannot read ${path}: ${message}`,
      { remedy: "Make one with 'netd-runtime spec', or name another bundle with --bundle", cause: error },
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NetdError("BUNDLE_INVALID", `Cannot read ${path}: ${(error as Error).message}`, {
      remedy: "Mend the JSON of the file, or make a new one with 'netd-runtime spec'",
      cause: error,
    });
  }
}
