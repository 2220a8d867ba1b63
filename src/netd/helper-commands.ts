/**
 * How the helper processes are started: files next to netd's own.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { DaemonOptions } from "./options.ts";

/** V8 lets what is young grow to 16 MB and more before it looks; a daemon that idles has better use for the memory. */
const LEAN_FLAGS = ["--max-semi-space-size=1"];

/** Arguments that start netd-runtime. V8's worker threads must be off, or its forked children hang. */
export function runtimeCommand({ runDir }: DaemonOptions): string[] {
  return [
    process.execPath,
    "--single-threaded",
    helperFile("netd-runtime"),
    "serve",
    "--socket",
    `${runDir}/runtime.sock`,
    "--run-dir",
    runDir,
  ];
}

/** Arguments that start netd-dns. */
export function dnsCommand({ runDir }: DaemonOptions): string[] {
  return [process.execPath, ...LEAN_FLAGS, helperFile("netd-dns"), "serve", "--socket", `${runDir}/dns.sock`];
}

function helperFile(name: string): string {
  return join(dirname(__filename), `${name}.cjs`);
}
