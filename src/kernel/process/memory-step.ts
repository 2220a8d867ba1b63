/**
 * The step that says where the memory of a process comes from.
 *
 * Source: set_mempolicy(2), linux/mempolicy.h.
 *
 * @module
 */
import { check } from "../errno.ts";
import { setMempolicy } from "../libc-process.ts";
import { shellCommand } from "../step/shell.ts";
import { formatBitMask } from "./bit-mask.ts";
import type { ProcessStepDefinition } from "./define-step.ts";

/** Say on which NUMA nodes the memory of the process and its children is placed. */
export interface MemoryPlaceStep {
  op: "memory.place";
  /** `MPOL_BIND` and the like. */
  mode: string;
  /** A list as in cpuset(7). */
  nodes?: string;
  /** `MPOL_F_STATIC_NODES` and the like. */
  flags: string[];
}

/** In the order of their numbers. */
const MODES =
  "MPOL_DEFAULT MPOL_PREFERRED MPOL_BIND MPOL_INTERLEAVE MPOL_LOCAL MPOL_PREFERRED_MANY MPOL_WEIGHTED_INTERLEAVE".split(
    " ",
  );
const FLAGS: Record<string, number> = {
  MPOL_F_NUMA_BALANCING: 1 << 13,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_STATIC_NODES: 1 << 15,
};
/** More than any kernel has: the largest CONFIG_NODES_SHIFT is 10. */
const NODES_MAX = 1024;

/** Carries out {@link MemoryPlaceStep}. */
export const memoryPlace: ProcessStepDefinition<MemoryPlaceStep> = {
  wraps: true,
  walk({ mode, nodes, flags }) {
    const bits = flags.reduce((sum, flag) => sum | (FLAGS[flag] ?? 0), MODES.indexOf(mode));
    const mask = nodes === undefined ? null : formatBitMask(nodes, NODES_MAX);
    // The kernel reads one bit less than it is told of (mm/mempolicy.c, get_nodes).
    const result = setMempolicy(bits, mask, mask === null ? 0 : NODES_MAX + 1);
    check(result, () => `set_mempolicy(${[mode, ...flags].join(" | ")}, ${nodes ?? "no nodes"})`);
  },
  toShell: ({ mode, nodes }) => [
    shellCommand("numactl", `${shellOption(mode)}${nodes === undefined ? "" : `=${nodes}`}`),
  ],
};

/** numactl(8) writes `--preferred-many`, and `--membind` for what the kernel calls bind. */
function shellOption(mode: string): string {
  const name = mode.replace("MPOL_", "").toLowerCase().replaceAll("_", "-");
  if (name === "local") return "--localalloc";
  return name === "bind" ? "--membind" : `--${name}`;
}
