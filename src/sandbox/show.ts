/**
 * The sandbox as commands that a person could type.
 *
 * @module
 */
import { Cgroups, shellCommand, stepsToShell } from "../kernel/index.ts";
import { formatMounts } from "./mounts.ts";
import type { SandboxOptions } from "./options.ts";
import { ENTER_NAMESPACES } from "./outside.ts";
import { planTopology } from "./topology.ts";

/** Format the commands; the first opens a shell in which the others are typed. */
export function formatSandbox(options: SandboxOptions, programDirectory: string): string[] {
  const { v1, unified } = new Cgroups().layout;
  const cgroup = "/netd-sandbox";
  const cgroupRoots = [...new Set([...Object.values(v1), ...(unified === undefined ? [] : [unified])])];
  return [
    shellCommand(...ENTER_NAMESPACES, "sh"),
    ...stepsToShell([{ op: "cgroup.create", path: cgroup, hierarchies: "all" }]),
    ...formatMounts({ cgroupRoots, cgroup, programDirectory }),
    ...stepsToShell(planTopology({ hasIpv6: true })),
    ...(options.hasNetd ? [`${shellCommand("netd", ...options.netdArguments)} &`] : []),
    ...(options.command.length > 0 ? [shellCommand(...options.command)] : []),
  ];
}
