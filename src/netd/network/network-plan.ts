/**
 * Plans of one network: from what is wanted and what the kernel reports to Steps. Pure.
 *
 * @module
 */
import { parseSubnet } from "../../address/index.ts";
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
  const { bridge, mac } = network;
  const alias = linkAlias(instance, "bridge");
  const address = bridgeAddress(network);
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
  if (link !== undefined && !link.isUp) {
    steps.push({ op: "sysctl.set", key: `net/ipv6/conf/${bridge}/accept_ra`, value: "0", ifPresent: true });
  }
  if (address !== undefined && !facts.addresses.some((held) => held.address === address)) {
    steps.push({ op: "address.add", link: bridge, address });
  }
  if (link === undefined || !link.isUp) steps.push({ op: "link.set", name: bridge, up: true });
  return steps;
}

function bridgeAddress({ gateway, subnet }: NetworkRow): string | undefined {
  return gateway === undefined || subnet === undefined ? undefined : `${gateway}/${parseSubnet(subnet).prefixLength}`;
}
