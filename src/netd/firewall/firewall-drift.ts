/**
 * What somebody else changed of our rules, in words and as what mends it.
 *
 * @module
 */
import { FIREWALL_TABLE, type FirewallFamily, type NftElement } from "../../firewall/index.ts";
import type { NetworkStep } from "../../kernel/index.ts";
import type { Drift } from "../reconcile/drift.ts";
import type { FirewallDrift } from "./inspect-firewall.ts";

/** The part of the firewall that can tell. */
export interface FirewallInspector {
  inspect(): FirewallDrift;
  mendSteps(drift: FirewallDrift): NetworkStep[];
}

/** How many elements are named. */
const NAMED = 3;

/** Compare the rules in force with those that are wanted; one difference, as one transaction mends it. */
export function firewallDrift(firewall: FirewallInspector): Drift[] {
  const drift = firewall.inspect();
  const steps = firewall.mendSteps(drift);
  if (steps.length === 0) return [];
  const { gone, changed, missing, foreign, tools = [] } = drift;
  const family: FirewallFamily = [...gone, ...changed][0] ?? [...missing, ...foreign][0]?.family ?? "inet";
  const text = [
    ...gone.map((name) => `table ${name} ${FIREWALL_TABLE} is gone`),
    ...changed.map((name) => `the rules of table ${name} ${FIREWALL_TABLE} are not those of netd`),
    ...elementsText(missing, "lacks"),
    ...elementsText(foreign, "has a stranger's"),
    ...tools.map((tool) => `the chains NETD-* of ${tool} are not those of netd`),
  ].join("; ");
  const isOnlyTools = gone.length + changed.length + missing.length + foreign.length === 0;
  const object = isOnlyTools ? `chains NETD-* of ${tools.join(", ")}` : `table ${family} ${FIREWALL_TABLE}`;
  return [{ kind: gone.length > 0 ? "missing" : "changed", object, text, steps }];
}

function elementsText(elements: readonly NftElement[], verb: string): string[] {
  if (elements.length === 0) return [];
  const named = elements.slice(0, NAMED).map(({ set, key }) => `${key} in ${set}`);
  const rest = elements.length > NAMED ? ` and ${elements.length - NAMED} more` : "";
  return [`it ${verb} ${named.join(", ")}${rest}`];
}
