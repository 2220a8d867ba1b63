/**
 * The generator: from what is wanted to tables. The only place that decides about rules.
 *
 * @module
 */
import { bridgeTable } from "./bridge-table.ts";
import { endpointElements } from "./endpoint-elements.ts";
import { inetTable } from "./inet-table.ts";
import type { FirewallContainer, FirewallEndpoint, FirewallModel, FirewallPolicy, FirewallPort } from "./model.ts";
import { networkElements } from "./network-elements.ts";
import type { FirewallTables, NftElement, NftTable } from "./nft-tables.ts";
import { portElements } from "./port-elements.ts";

/** Owner of the elements that concern all containers. */
export const STATIC_OWNER = "";

/** Make everything from a model. */
export function buildFirewall(model: FirewallModel): FirewallTables {
  const elements = new Map([[STATIC_OWNER, networkElements(model.networks, model.allows)]]);
  for (const [id, container] of groupByContainer(model)) elements.set(id, containerElements(model, container));
  return { tables: buildTables(model, hasMute(model)), elements };
}

/** Make the tables, without elements. `isMuting`: some container may open no connection. */
export function buildTables({ acls, networks }: FirewallPolicy, isMuting: boolean): NftTable[] {
  return [inetTable(acls, networks), bridgeTable(acls, { networks, hasMute: isMuting })];
}

/** The elements that concern all containers. */
export function policyElements({ networks, allows }: FirewallPolicy): NftElement[] {
  return networkElements(networks, allows);
}

/** The elements of one container. */
export function containerElements(policy: FirewallPolicy, { endpoints, ports }: FirewallContainer): NftElement[] {
  return [
    ...endpoints.flatMap((endpoint) =>
      endpointElements(
        endpoint,
        policy.networks.find(({ name }) => name === endpoint.network),
        policy.acls,
      ),
    ),
    ...ports.flatMap(portElements),
  ];
}

/** Whether one of them may open no connection. */
export function hasMute({ endpoints }: Pick<FirewallContainer, "endpoints">): boolean {
  return endpoints.some(({ egress }) => egress === "none");
}

function groupByContainer({ endpoints, ports }: FirewallContainer): Map<string, FirewallContainer> {
  const groups = new Map<string, { endpoints: FirewallEndpoint[]; ports: FirewallPort[] }>();
  const groupOf = (id: string): { endpoints: FirewallEndpoint[]; ports: FirewallPort[] } => {
    const group = groups.get(id) ?? { endpoints: [], ports: [] };
    groups.set(id, group);
    return group;
  };
  for (const endpoint of endpoints) groupOf(endpoint.containerId).endpoints.push(endpoint);
  for (const port of ports) groupOf(port.containerId).ports.push(port);
  return groups;
}
