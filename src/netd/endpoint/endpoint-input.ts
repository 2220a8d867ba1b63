/**
 * From a container's endpoints to what their plans must know.
 *
 * @module
 */
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { chooseDefaultRoutes } from "./default-route.ts";
import type { EndpointPlanInput } from "./endpoint-plan.ts";
import type { ContainerEndpoint } from "./endpoint-row.ts";
import { pickRates } from "./rate-plan.ts";

/** What the plans of a container's endpoints must know, in their order. */
export function endpointInputs(
  { networks, uplink, instance }: Pick<DaemonContext, "networks" | "uplink" | "instance">,
  { row }: Pick<Container, "row">,
  endpoints: readonly ContainerEndpoint[],
): EndpointPlanInput[] {
  const places = endpoints.map((endpoint) => ({ ...endpoint, network: networks.find(endpoint.row.network) }));
  const defaults = chooseDefaultRoutes(places);
  return places.map(({ network, row: { interface: name }, hostInterface, mac, lease, lease6 }) => ({
    containerId: row.id,
    netns: row.name,
    interface: name,
    hostInterface,
    ...(network.kind === "macvlan" ? { macvlanMode: network.macvlanMode ?? "bridge" } : {}),
    bridge: network.bridge,
    isIsolated: network.isIsolated,
    address: withPrefix(lease?.address, network.subnet),
    address6: withPrefix(lease6?.address, network.subnet6),
    via: defaults.ipv4 === name ? network.gateway : undefined,
    via6: defaults.ipv6 === name ? network.gateway6 : undefined,
    routes: network.routes,
    mac,
    mtu: network.mtu ?? uplink.mtu,
    ...pickRates(row.spec),
    instance,
  }));
}

function withPrefix(address: string | undefined, subnet: string | undefined): string | undefined {
  return address === undefined || subnet === undefined ? undefined : `${address}/${subnet.split("/")[1]}`;
}
