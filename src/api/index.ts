/**
 * Owns the contract between netctl and netd: schemas of the HTTP API on the unix socket, their types, and a client.
 * Never touches Linux and never decides.
 *
 * @module
 */
export type { ApiQuery, ApiRequestOptions } from "./api-request.ts";
export * from "./client.ts";
export * from "./health-schema.ts";
export { readJsonArray } from "./json-array.ts";
export * from "./lease-changes.ts";
export { DeviceRate, UpdateSpec } from "./limits-schema.ts";
export * from "./network-changes.ts";
export * from "./network-schema.ts";
export * from "./port-schema.ts";
export { IdMap, Ulimit } from "./process-schema.ts";
export * from "./restart-schema.ts";
export * from "./schemas.ts";
export * from "./stats-schema.ts";
export * from "./wait-schema.ts";
