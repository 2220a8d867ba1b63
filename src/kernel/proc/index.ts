/**
 * Owns what /proc tells of processes, for callers that live too shortly to load a library. Never makes a system call that Node does not have.
 *
 * @module
 */
export * from "./process-stat.ts";
export * from "./sealed.ts";
