/**
 * `spec`: write a configuration to begin with.
 *
 * @module
 */
import { statfsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { NetdError } from "../../errors.ts";
import { makeSpec } from "../oci/spec.ts";
import type { CommandCall } from "./command.ts";

/** linux/magic.h. */
const CGROUP2_SUPER_MAGIC = 0x63677270;

/** Spec. A configuration that is there is left alone. */
export function spec({ flags }: CommandCall): number {
  const path = resolve(flags.text("bundle") ?? ".", "config.json");
  const user = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const document = makeSpec({
    rootless: flags.bool("rootless") ? user : undefined,
    hasCgroupNamespace: hasVersion2(),
  });
  const text = `${JSON.stringify(document, null, "\t")}\n`;
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o644 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") {
      throw new NetdError("BUNDLE_INVALID", `Cannot write ${path}: ${message}`, {
        remedy: "Name an existing directory with --bundle",
        cause: error,
      });
    }
    throw new NetdError("BUNDLE_INVALID", `Cannot write ${path}: File config.json exists`, {
      remedy: "Remove it first, or name another directory with --bundle",
      cause: error,
    });
  }
  return 0;
}

/** Whether version 2 of cgroups is all that there is; told without the kernel's bindings, which nothing else here needs. */
function hasVersion2(): boolean {
  try {
    return statfsSync("/sys/fs/cgroup").type === CGROUP2_SUPER_MAGIC;
  } catch {
    return false;
  }
}
