/**
 * Owns container processes: from an OCI configuration to process steps, fork server, supervision, terminals, logs, exit codes, exec.
 * Other folders get the client, the protocol and the configuration's types; the processes themselves live in netd-runtime only. Never
 * touches a network, an image or netd's state.
 *
 * @module
 */
export * from "./client.ts";
export { fullLogPath, listFullLogs } from "./log-files.ts";
export * from "./oci/config.ts";
export { parseJson } from "./oci/json.ts";
export * from "./protocol.ts";
