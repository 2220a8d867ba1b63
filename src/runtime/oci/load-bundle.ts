/**
 * Reads the configuration of a bundle.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { NetdError } from "../../errors.ts";
import type { OciConfig } from "./config.ts";
import { parseJson } from "./json.ts";
import { parseOciConfig } from "./parse-config.ts";
import type { Warn } from "./rule.ts";

/** Name of the configuration in a bundle. */
export const CONFIG_FILE = "config.json";

/** Read and check `config.json` of a bundle. Paths of the host in it are absolute afterwards. @throws {NetdError} OCI_CONFIG_INVALID */
export function loadBundle(bundle: string, warn?: Warn): OciConfig {
  const directory = resolve(bundle);
  return parseOciConfig(readOciDocument(resolve(directory, CONFIG_FILE)), { bundle: directory, warn });
}

/** Read a JSON document whose large numbers stay exact: a configuration, a process or resources. @throws {NetdError} OCI_CONFIG_INVALID */
export function readOciDocument(file: string | number): unknown {
  try {
    return parseJson(readFileSync(file, "utf8"));
  } catch (error) {
    const name = typeof file === "number" ? "standard input" : `"${file}"`;
    throw new NetdError(
      "OCI_CONFIG_INVALID",
      `Cannot read ${name}: ${error instanceof Error ? error.message : String(error)}`,
      {
        remedy:
          "Name a bundle, a directory with config.json and the root file system: 'netd-runtime spec' writes one to begin with",
        cause: error,
      },
    );
  }
}
