/**
 * The bundle of a call: a directory with a configuration and a root file system.
 *
 * @module
 */
import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { NetdError } from "../../errors.ts";
import type { OciConfig } from "../oci/config.ts";
import { loadBundle } from "../oci/load-bundle.ts";

/** What {@link readBundle} needs besides the directory. */
export interface ReadBundleOptions {
  /** Names the cgroup of a configuration that names none. */
  id: string;
  warn: (message: string) => void;
}

/** A bundle that was read. */
export interface Bundle {
  /** Absolute, without symlinks. */
  path: string;
  /** Its paths of the host are absolute. */
  config: OciConfig;
}

/** Read and check a bundle. @throws {NetdError} BUNDLE_INVALID, OCI_CONFIG_INVALID */
export function readBundle(directory: string, { id, warn }: ReadBundleOptions): Bundle {
  const path = findBundle(directory);
  const config = loadBundle(path, warn);
  const { linux } = config;
  const cgroupsPath = resolve("/", linux.cgroupsPath === "" ? id : linux.cgroupsPath);
  return { path, config: { ...config, linux: { ...linux, cgroupsPath } } };
}

function findBundle(directory: string): string {
  const wanted = resolve(directory);
  let path: string;
  try {
    path = realpathSync(directory);
  } catch (error) {
    throw new NetdError("BUNDLE_INVALID", `Cannot use the bundle ${wanted}: ${(error as Error).message}`, {
      remedy: "Name an existing directory with --bundle",
      cause: error,
    });
  }
  if (existsSync(`${path}/config.json`)) return path;
  throw new NetdError(
    "BUNDLE_INVALID",
    `Cannot use the bundle ${path}: JSON specification file config.json not found`,
    { remedy: "Make one with 'netd-runtime spec', or name another bundle with --bundle" },
  );
}
