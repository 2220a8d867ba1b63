/**
 * The value of `-v`.
 *
 * @module
 */
import { resolve } from "node:path";
import type { MountSpec } from "../api/index.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Parse `SOURCE:TARGET[:ro|rw]`. A relative source begins with a dot and counts from `workdir`.
 *
 * @throws {UsageError} also for a named volume, which netd does not have.
 */
export function parseMount(text: string, workdir: string): MountSpec {
  const [source = "", target, mode = "rw", ...rest] = text.split(":");
  if (target === undefined || rest.length > 0 || !["ro", "rw"].includes(mode)) {
    throw new UsageError(`Cannot mount '${text}': SOURCE:TARGET or SOURCE:TARGET:ro wanted`, "-v /srv/data:/data:ro");
  }
  if (!target.startsWith("/")) {
    throw new UsageError(
      `Cannot mount on '${target}': it is relative, an absolute path wanted`,
      `-v ${source}:/${target}`,
    );
  }
  if (!source.startsWith("/") && !source.startsWith(".")) {
    throw new UsageError(
      `Cannot mount '${source}': netd has no named volumes yet, a path wanted`,
      `make a directory and give its path: -v ./${source || "data"}:${target}`,
    );
  }
  return { source: resolve(workdir, source), target, readOnly: mode === "ro" };
}
