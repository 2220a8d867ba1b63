/**
 * Limits of a container: what a user may ask for, and what it is in an OCI configuration. Pure.
 *
 * @module
 */
import type { ContainerSpec } from "../api/index.ts";
import type { OciResources } from "../runtime/index.ts";

/** Period of the CPU quota, in microseconds: docker's. */
const CPU_PERIOD_US = 100_000;

/** Plan the limits of a container. As in docker, a limit of memory allows as much swap again, where the host accounts for swap. */
export function planResources(spec: ContainerSpec, hasSwapAccounting: boolean): OciResources {
  const resources: OciResources = {};
  if (spec.memoryBytes !== undefined) {
    const swap = hasSwapAccounting ? { swap: spec.memoryBytes * 2 } : {};
    resources.memory = { limit: spec.memoryBytes, ...swap };
  }
  if (spec.cpus !== undefined) resources.cpu = { quota: Math.round(spec.cpus * CPU_PERIOD_US), period: CPU_PERIOD_US };
  if (spec.pidsLimit !== undefined) resources.pids = { limit: spec.pidsLimit };
  return resources;
}
