/**
 * Owns which address a container gets next and who holds which: pools, leases, the choice of a free subnet. Leases are durable
 * before they are handed out. Never touches the kernel and never decides when a lease ends.
 *
 * @module
 */
export * from "./ipam.ts";
export * from "./ipam-requests.ts";
export * from "./lease-store.ts";
export * from "./lease-store-sqlite.ts";
export * from "./network-pools.ts";
export * from "./pool.ts";
export * from "./subnet-choice.ts";
