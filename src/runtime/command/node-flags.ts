/**
 * Flags of the Node that forks.
 *
 * @module
 */

/** A forked child has one thread, so V8 must need no other. A small young generation is less to copy. */
export const NODE_FLAGS = ["--single-threaded", "--v8-pool-size=0", "--max-semi-space-size=1"];
