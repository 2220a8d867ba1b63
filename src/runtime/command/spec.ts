/**
 * `spec`: write a configuration to begin with.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { NetdError } from "../../errors.ts";
import { makeSpec } from "../oci/spec.ts";
import type { CommandCall } from "./command.ts";

/** Spec. A configuration that is there is left alone. */
export function spec({ flags }: CommandCall): number {
  const path = resolve(flags.text("bundle") ?? ".", "config.json");
  const user = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const text = `${JSON.stringify(makeSpec(flags.bool("rootless") ? { rootless: user } : {}), null, "\t")}\n`;
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
