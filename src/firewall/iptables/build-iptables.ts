/**
 * The generator for iptables: the same decisions as in the table `inet netd`, as classical rules. They grow with networks, ports and policies.
 *
 * @module
 */
import type { IpFamily } from "../../address/index.ts";
import type { FirewallModel } from "../model.ts";
import { bridgesRules, gatewayRules, hostRules, mssRules, rawRules } from "./iptables-filter.ts";
import { outputRules, postroutingRules, preroutingRules, publishRules } from "./iptables-nat.ts";
import { IPTABLES_CHAINS, type IptablesTable } from "./iptables-tables.ts";

/** Make all of one family. */
export function buildIptables(model: FirewallModel, family: IpFamily): IptablesTable[] {
  const { networks } = model;
  const rules: Record<string, string[]> = {
    "NETD-RAW": rawRules(model, family),
    "NETD-MSS": mssRules(model),
    "NETD-PREROUTING": preroutingRules(model, family),
    "NETD-OUTPUT": outputRules(),
    "NETD-PUBLISH": publishRules(model, family),
    "NETD-POSTROUTING": postroutingRules(model, family),
    "NETD-FORWARD": ["-i", "-o"].flatMap((end) => networks.map(({ bridge }) => `${end} ${bridge} -g NETD-BRIDGES`)),
    "NETD-BRIDGES": bridgesRules(model, family),
    "NETD-INPUT": networks.map(({ bridge }) => `-i ${bridge} -g NETD-HOST`),
    "NETD-HOST": hostRules(model, family),
    "NETD-GATEWAY": gatewayRules(model, family),
  };
  return IPTABLES_CHAINS.map(({ chains, ...table }) => ({
    ...table,
    chains: chains.map(({ name }) => ({ name, rules: rules[name] ?? [] })),
  }));
}
