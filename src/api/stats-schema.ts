/**
 * What containers use, and the processes in them.
 *
 * @module
 */
import { type Static, Type } from "typebox";

/** Counters of one container at one moment; `usage` is absent when it does not run. */
export const StatsInfo = Type.Object({
  id: Type.String(),
  name: Type.String(),
  readAt: Type.String({ description: "ISO 8601" }),
  usage: Type.Optional(
    Type.Object({
      cpuNs: Type.Number({ description: "processor time so far, of all processes, in nanoseconds" }),
      onlineCpus: Type.Integer(),
      memoryBytes: Type.Number({ description: "in use, without file pages that could go at once" }),
      memoryLimitBytes: Type.Number({ description: "its limit, or the memory of the host" }),
      networkRxBytes: Type.Number({ description: "received by all links but the loopback" }),
      networkTxBytes: Type.Number(),
      blockReadBytes: Type.Number(),
      blockWriteBytes: Type.Number(),
      pids: Type.Integer({ description: "processes and threads" }),
    }),
  ),
});
export type StatsInfo = Static<typeof StatsInfo>;

/** A table of processes, as ps(1) prints one. */
export const TopInfo = Type.Object({
  titles: Type.Array(Type.String()),
  processes: Type.Array(Type.Array(Type.String())),
});
export type TopInfo = Static<typeof TopInfo>;
