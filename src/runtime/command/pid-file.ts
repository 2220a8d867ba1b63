/**
 * The file that tells a caller the pid.
 *
 * @module
 */
import { renameSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";

/** Write a pid, whole or not at all; as runc, without a newline. */
export function writePidFile(path: string, pid: number): void {
  const draft = `${dirname(path)}/.${basename(path)}`;
  writeFileSync(draft, String(pid), { mode: 0o644 });
  renameSync(draft, path);
}
