/**
 * Owns the sandbox: a private host with a pretend internet, for trying netd, for the demo and the tests. Never touches the host it
 * runs on: all it makes lies in namespaces that end with its processes.
 *
 * @module
 */
export { answerQuery } from "./internet-names.ts";
export { formatPage } from "./internet-page.ts";
export { formatMounts, type SandboxMounts } from "./mounts.ts";
export { parseSandboxOptions, type SandboxOptions } from "./options.ts";
export { INTERNET, planTopology } from "./topology.ts";
