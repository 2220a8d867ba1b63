/**
 * What the sets hold of the networks and of what is allowed between them.
 *
 * @module
 */
import type { FirewallAllow, FirewallNetwork } from "./model.ts";
import type { NftElement } from "./nft-tables.ts";

/** The elements of all networks. */
export function networkElements(networks: readonly FirewallNetwork[], allows: readonly FirewallAllow[]): NftElement[] {
  const bridgeOf = new Map(networks.map(({ name, bridge }) => [name, bridge]));
  return [
    ...networks.flatMap(elementsOf),
    ...allows.flatMap(({ from, to }): NftElement[] => {
      const [source, target] = [bridgeOf.get(from), bridgeOf.get(to)];
      return source === undefined || target === undefined ? [] : [inet("allows", pair(source, target))];
    }),
  ];
}

function elementsOf(network: FirewallNetwork): NftElement[] {
  const { bridge, isInternal, isIsolated } = network;
  return [
    inet("bridges", quoted(bridge)),
    ...(isInternal ? [inet("internal", quoted(bridge))] : []),
    ...(isIsolated ? [] : [inet("same", pair(bridge, bridge))]),
    ...familyElements(network, { family: 4, subnet: network.subnet, gateway: network.gateway, nat: network.nat }),
    ...familyElements(network, { family: 6, subnet: network.subnet6, gateway: network.gateway6, nat: network.nat6 }),
  ];
}

interface FamilyFacts {
  family: 4 | 6;
  subnet: string | undefined;
  gateway: string | undefined;
  nat: string;
}

function familyElements(
  { bridge, isInternal, isAdopted }: FirewallNetwork,
  { family, subnet, gateway, nat }: FamilyFacts,
): NftElement[] {
  if (subnet === undefined) return [];
  const isHidden = (isInternal || nat !== "off") && isAdopted !== true;
  return [
    ...(gateway === undefined ? [] : [inet(`gateways${family}`, `${quoted(bridge)} . ${gateway}`)]),
    ...(isInternal ? [] : [inet(`hairpin${family}`, `${subnet} . ${quoted(bridge)}`)]),
    ...(isHidden ? [inet(`guarded${family}`, subnet)] : []),
    ...(!isInternal && nat === "masquerade" ? [inet(`masquerade${family}`, subnet)] : []),
    ...(!isInternal && nat.startsWith("snat:") ? [inet(`snat${family}`, subnet, nat.slice("snat:".length))] : []),
  ];
}

function inet(set: string, key: string, data?: string): NftElement {
  return { family: "inet", set, key, ...(data === undefined ? {} : { data }) };
}

/** A name of a link as nft takes it. */
export function quoted(link: string): string {
  return `"${link}"`;
}

function pair(from: string, to: string): string {
  return `${quoted(from)} . ${quoted(to)}`;
}
