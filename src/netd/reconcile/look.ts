/**
 * Looks at the kernel, and mends: what a {@link Reconciler} does with its hands.
 *
 * @module
 */
import type { DriftPolicy } from "../../api/index.ts";
import { applySteps } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import { firewallDrift } from "../firewall/firewall-drift.ts";
import { linkAlias } from "../network/network-plan.ts";
import { findCollisions } from "./collisions.ts";
import { desiredParts, settledContainers } from "./desired.ts";
import { type Drift, planDrift } from "./drift.ts";
import type { KernelFacts, PlaceFacts } from "./facts.ts";
import { readFacts, readNamespace } from "./read-facts.ts";
import type { LookScope } from "./reconciler.ts";
import { findStrangers } from "./strangers.ts";

/** Compare what is wanted with what there is. */
export function lookAtKernel(context: DaemonContext, scope: LookScope): Drift[] {
  const parts = desiredParts(context);
  const sysctls = parts.flatMap(({ steps }) =>
    steps.flatMap((step) =>
      step.op === "sysctl.set" && step.netns === undefined && !step.ifPresent ? [step.key] : [],
    ),
  );
  const isolatedBridges = [...context.networks].filter(({ isIsolated }) => isIsolated).map(({ bridge }) => bridge);
  // Nobody tells of queues that change: they are looked at together with the rules, and where some are ours only.
  const hasQueues = scope.rules && parts.some(({ steps }) => steps.some(({ op }) => op === "rate.set"));
  const host = readFacts(context.session, { sysctls, isolatedBridges, hasQueues, namespaces: [] });
  const facts = { ...host, namespaces: lookInside(context, host, scope.inside) };
  return [
    ...planDrift(parts, facts),
    ...(scope.rules ? [...firewallDrift(context.firewall), ...foreignDrift(context)] : []),
    ...findCollisions(context.networks, facts.routes),
    ...findStrangers(context.networks, facts, linkAlias(context.instance, "")),
  ];
}

/** Our accept in docker's tables, where it is not as wanted: docker came after us, or its rules were made anew. */
function foreignDrift({ foreign }: DaemonContext): Drift[] {
  return foreign.plan().map((step) => ({
    kind: "missing",
    object: `chain ${step.chain} of ${step.tool}`,
    text: `chain ${step.from} does not let all of netd's networks pass`,
    steps: [step],
  }));
}

/** Mend one difference. @throws what the kernel answers */
export function mendDrift(context: DaemonContext, { steps }: Drift): void {
  const { journal, session } = context;
  try {
    applySteps(steps, { journal: journal.note, session });
  } finally {
    journal.flush();
  }
}

/** What is done about a difference: what its network says; what belongs to none is mended unless no network wants that. */
export function driftPolicyOf({ networks }: Pick<DaemonContext, "networks">, { network }: Drift): DriftPolicy {
  if (network !== undefined) return networks.get(network)?.drift ?? "heal";
  const policies = [...networks].map(({ drift }) => drift);
  return policies.includes("heal") ? "heal" : policies.includes("report") ? "report" : "off";
}

/** Look into the namespaces of containers: all, or those where the host's end of a pair tells that something is amiss; one of macvlan tells nothing. */
function lookInside(
  context: DaemonContext,
  { links }: KernelFacts,
  isAll: boolean,
): Map<string, PlaceFacts | undefined> {
  const containers = settledContainers(context).filter(
    ({ endpoints }) =>
      endpoints.length > 0 &&
      (isAll || endpoints.some(({ hostInterface }) => links.get(hostInterface)?.operState !== "up")),
  );
  return new Map(containers.map(({ row }) => [row.name, readNamespace(context.session, row.name)]));
}
