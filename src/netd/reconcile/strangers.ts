/**
 * What others added to what is ours: told, never touched. Pure.
 *
 * @module
 */
import type { NetworkRow } from "../network/network-row.ts";
import type { Drift } from "./drift.ts";
import type { KernelFacts } from "./facts.ts";

/** Addresses that the kernel gives to links by itself (RFC 4291, 2.5.6). */
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/;

/** Find links that are ports of our bridges and not ours, and addresses on our bridges that we did not give. `tag` begins the aliases of our links. */
export function findStrangers(networks: Iterable<NetworkRow>, facts: KernelFacts, tag: string): Drift[] {
  return [...networks].flatMap((network) => {
    const bridge = facts.links.get(network.bridge);
    // What else an adopted bridge has is its owner's.
    if (bridge === undefined || network.kind !== "bridge" || network.isAdopted) return [];
    if (bridge.alias?.startsWith(tag) !== true) return [];
    const ports = [...facts.links.values()].filter(
      ({ master, alias }) => master === bridge.index && alias?.startsWith(tag) !== true,
    );
    const own = [network.gateway, network.gateway6];
    const addresses = (facts.addresses.get(network.bridge) ?? []).filter(
      (address) => !own.includes(address.split("/")[0]) && !LINK_LOCAL.test(address),
    );
    return [
      ...ports.map(({ name, kind }) =>
        foreign(network, `${kind ?? "link"} ${name}`, `it is a port of bridge ${network.bridge}, and not netd's`),
      ),
      ...addresses.map((address) =>
        foreign(network, `address ${address}`, `bridge ${network.bridge} has it, and netd did not give it`),
      ),
    ];
  });
}

function foreign({ name }: NetworkRow, object: string, text: string): Drift {
  return { kind: "foreign", object, network: name, text, steps: [] };
}
