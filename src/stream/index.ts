/**
 * Owns the frames in which standard streams, terminal sizes and exit codes travel between netctl and netd-runtime;
 * netd only passes them on. Never opens a socket.
 *
 * @module
 */
export * from "./frames.ts";
