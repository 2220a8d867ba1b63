/**
 * Owns the daemon: state, planning, bridges, firewall, generated files, reconciling at start, and the HTTP API.
 * Never forks a container (netd-runtime does) and never calls the kernel to change something except through Steps.
 *
 * @module
 */
export { Daemon } from "./daemon.ts";
export { type DaemonOptions, parseDaemonOptions } from "./options.ts";
