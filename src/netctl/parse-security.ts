/**
 * Values of `--security-opt`, with docker's meaning.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ContainerSpec } from "../api/index.ts";
import { UsageError } from "./usage-error.ts";

/** What security options ask for. */
export type SecurityOptions = Pick<ContainerSpec, "noNewPrivileges" | "seccomp" | "systemPaths">;

/** Options of docker for what netd does not use: asking to do without it is granted. */
const GRANTED: readonly string[] = ["apparmor=unconfined", "label=disable"];

/**
 * Parse them; of two that contradict each other the later one wins.
 *
 * @throws {UsageError} for one that netd does not have, or a file that can't be read
 */
export function parseSecurityOptions(values: readonly string[], workdir: string): SecurityOptions {
  const options: SecurityOptions = {};
  for (const text of values) {
    // Docker takes NAME=VALUE, and the older NAME:VALUE.
    const [, name = text, value] = /^([a-z-]+)[=:](.*)$/s.exec(text) ?? [];
    if (GRANTED.includes(`${name}=${value}`)) continue;
    if (name === "no-new-privileges") options.noNewPrivileges = parseSwitch(text, value);
    else if (name === "seccomp" && value !== undefined && value !== "") setSeccomp(options, value, workdir);
    else if (name === "systempaths" && value === "unconfined") options.systemPaths = "unconfined";
    else throw unknown(text);
  }
  return options;
}

function parseSwitch(text: string, value: string | undefined): boolean {
  if (value === undefined || value === "true") return true;
  if (value === "false") return false;
  throw new UsageError(
    `Cannot take security option '${text}': neither true nor false`,
    "--security-opt no-new-privileges",
  );
}

/** `builtin` is docker's word for the default. */
function setSeccomp(options: SecurityOptions, value: string, workdir: string): void {
  delete options.seccomp;
  if (value === "builtin") return;
  options.seccomp = value === "unconfined" ? value : readProfile(value, workdir);
}

function readProfile(path: string, workdir: string): string {
  try {
    return readFileSync(resolve(workdir, path), "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot read the seccomp profile '${path}': ${reason}`, "--security-opt seccomp=FILE");
  }
}

function unknown(text: string): UsageError {
  return new UsageError(
    `Cannot take security option '${text}': netd has no-new-privileges, seccomp and systempaths=unconfined`,
    "--security-opt seccomp=unconfined",
  );
}
