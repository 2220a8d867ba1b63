/**
 * A container that connects to its own published port: where br_netfilter is loaded, the frame goes back by the bridge port that it came from,
 * which a bridge only does when told to.
 *
 * @module
 */
import { familyOf } from "../../address/index.ts";
import type { NetworkStep } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { publishedEndpoint } from "../firewall/firewall-rows.ts";

/** Plan for the bridge ports that published ports lead to; nothing for a container that publishes none. */
export function planHairpin(
  { networks }: Pick<DaemonContext, "networks">,
  { row, endpoints }: Pick<Container, "row" | "endpoints">,
): NetworkStep[] {
  const targets = row.ports.map(({ hostAddress }) => publishedEndpoint(networks, endpoints, familyOf(hostAddress)));
  const links = new Set(targets.flatMap((endpoint) => (endpoint === undefined ? [] : [endpoint.hostInterface])));
  return [...links].map((name) => ({ op: "port.set", name, hairpin: true }));
}
