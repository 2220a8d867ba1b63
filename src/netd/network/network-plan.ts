/**
 * Plans of one network: from what is wanted and what the kernel reports to Steps. Pure.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { AddressInfo, LinkInfo, NetworkStep } from "../../kernel/index.ts";
import type { NetworkRow } from "./network-row.ts";

/** What the kernel says about the place where a bridge belongs. */
export interface BridgeFacts {
  /** The link that has the bridge's name, if any. */
  link: LinkInfo | undefined;
  /** Addresses of that link. */
  addresses: readonly AddressInfo[];
}

/** What {@link planBridge} needs besides the network. */
export interface PlanBridgeOptions {
  facts: BridgeFacts;
  /** Ownership tag of this netd. */
  instance: string;
  isAdopting: boolean;
  mtu: number;
}

/** Ownership tag of a link: its alias. `what` is `bridge` or a container's id. */
export function linkAlias(instance: string, what: string): string {
  return `netd:${instance}:${what}`;
}

/**
 * Plan the steps that bring the bridge to where it is wanted; none when it is already there.
 *
 * @throws {NetdError} BRIDGE_FOREIGN when the link is not ours, and adopting was not asked for, or is no bridge
 */
export function planBridge(network: NetworkRow, options: PlanBridgeOptions): NetworkStep[] {
  const { facts, instance, mtu } = options;
  if (network.kind !== "bridge") return [];
  const { bridge, mac } = network;
  const alias = linkAlias(instance, "bridge");
  const { link } = facts;
  const steps: NetworkStep[] = [];
  if (link === undefined) {
    steps.push({ op: "link.addBridge", name: bridge, mac, alias, mtu });
  } else if (link.alias !== alias) {
    if (link.kind !== "bridge") {
      throw new NetdError(
        "BRIDGE_FOREIGN",
        `Cannot use link '${bridge}': it is a ${link.kind ?? "device"}, a bridge wanted`,
        {
          remedy: `Choose another name with 'netd --bridge NAME'`,
        },
      );
    }
    if (!options.isAdopting && !network.isAdopted) {
      const owner = link.alias?.startsWith("netd:") ? "another netd" : "somebody else";
      throw new NetdError(
        "BRIDGE_FOREIGN",
        `Cannot use bridge '${bridge}': it was made by ${owner}, one of this netd's own wanted`,
        {
          remedy: `Take it over with 'netd --adopt', choose another with 'netd --bridge NAME', or remove it with 'ip link delete ${bridge}'`,
        },
      );
    }
  }
  const isMtuOurs = !network.isAdopted || network.mtu !== undefined;
  if (link !== undefined && link.mtu !== mtu && isMtuOurs) steps.push({ op: "link.set", name: bridge, mtu });
  if (link !== undefined && !link.isUp) steps.push(ipv6Parameter(bridge, "accept_ra", "0"));
  const missing = bridgeAddresses(network).filter(
    (address) => !facts.addresses.some((held) => held.address === address),
  );
  for (const address of missing) {
    if (!address.includes(":")) steps.push({ op: "address.add", link: bridge, address });
    // A host may have IPv6 off by default; nobody else has the address, so nothing is waited for.
    else {
      steps.push(ipv6Parameter(bridge, "disable_ipv6", "0"));
      steps.push({ op: "address.add", link: bridge, address, nodad: true });
    }
  }
  if (link === undefined || !link.isUp) steps.push({ op: "link.set", name: bridge, up: true });
  return steps;
}

/** The addresses of a network's bridge, as `ADDRESS/LENGTH`. */
export function bridgeAddresses({ gateway, subnet, gateway6, subnet6 }: NetworkRow): string[] {
  const pairs = [
    [gateway, subnet],
    [gateway6, subnet6],
  ] as const;
  return pairs.flatMap(([address, cidr]) =>
    address === undefined || cidr === undefined ? [] : [`${address}/${cidr.split("/")[1]}`],
  );
}

/**
 * Plan what takes a network's link away. A bridge of somebody else's stays and loses what we gave it; one that is not ours, or no longer, is
 * not touched.
 */
export function planNetworkRemoval(
  network: NetworkRow,
  { facts, instance }: Pick<PlanBridgeOptions, "facts" | "instance">,
): NetworkStep[] {
  const { link, addresses } = facts;
  if (network.kind !== "bridge" || link === undefined) return [];
  if (!network.isAdopted)
    return link.alias === linkAlias(instance, "bridge") ? [{ op: "link.delete", name: network.bridge }] : [];
  const given = bridgeAddresses(network).filter((address) => network.foundAddresses?.includes(address) !== true);
  return given
    .filter((address) => addresses.some((held) => held.address === address))
    .map((address): NetworkStep => ({ op: "address.delete", link: network.bridge, address }));
}

function ipv6Parameter(link: string, name: string, value: string): NetworkStep {
  return { op: "sysctl.set", key: `net/ipv6/conf/${link}/${name}`, value, ifPresent: true };
}
