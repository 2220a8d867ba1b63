import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A program made from its sources as they are now; deleted when disposed. */
export interface Bundle extends Disposable {
  path: string;
}

const PROJECT = resolve(import.meta.dirname, "../..");

/** Bundle an entry point, for programs without native parts: the file is outside the project. */
export function bundleProgram(entry: string): Bundle {
  const directory = mkdtempSync(join(tmpdir(), "netd-bundle-"));
  const path = join(directory, "program.cjs");
  // Not esbuild's own interface: that leaves a process behind, which the leak check would report.
  execFileSync(
    join(PROJECT, "node_modules/.bin/esbuild"),
    [
      entry,
      `--outfile=${path}`,
      "--bundle",
      "--platform=node",
      "--target=node20",
      "--format=cjs",
      "--log-level=warning",
    ],
    { cwd: PROJECT, stdio: ["ignore", "ignore", "inherit"] },
  );
  return { path, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}
