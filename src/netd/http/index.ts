/**
 * Owns the HTTP API on the unix socket: routes, upgrades to streams, errors as documents, the OpenAPI description. Never decides: every handler
 * calls the daemon and shows the answer.
 *
 * @module
 */
export { listenOnSocket } from "./listen.ts";
export { createServer } from "./server.ts";
