/**
 * From what netd remembers of networks and containers to what the firewall must know of them.
 *
 * @module
 */
import { familyOf, type IpFamily } from "../../address/index.ts";
import type { FirewallContainer, FirewallEndpoint, FirewallNetwork, FirewallPort } from "../../firewall/index.ts";
import type { Container } from "../container.ts";
import { chooseDefaultRoutes } from "../endpoint/default-route.ts";
import type { ContainerEndpoint } from "../endpoint/endpoint-row.ts";
import type { NetworkRow } from "../network/network-row.ts";
import type { Networks } from "../network/networks.ts";

/** The networks that have rules: those on bridges. */
export function firewallNetworks(networks: Iterable<NetworkRow>): FirewallNetwork[] {
  return [...networks]
    .filter(({ kind }) => kind === "bridge")
    .map(({ name, id, bridge, subnet, subnet6, gateway, gateway6, isInternal, isIsolated, nat, nat6, isAdopted }) => ({
      ...{ name, id, bridge, subnet, subnet6, gateway, gateway6, isInternal, isIsolated, nat, nat6, isAdopted },
    }));
}

/** One container as the firewall sees it while it runs. */
export function firewallContainer(networks: Networks, container: Container): FirewallContainer {
  const endpoints = container.endpoints.filter(({ row }) => networks.get(row.network)?.kind === "bridge");
  return {
    endpoints: endpoints.map((endpoint) => firewallEndpoint(container, endpoint)),
    ports: container.row.ports.flatMap((mapping): FirewallPort[] => {
      const target = publishedEndpoint(networks, endpoints, familyOf(mapping.hostAddress));
      if (target === undefined) return [];
      const { row, lease, lease6 } = target;
      return [
        {
          containerId: container.row.id,
          network: row.network,
          address: lease?.address,
          address6: lease6?.address,
          mapping,
        },
      ];
    }),
  };
}

function firewallEndpoint({ row }: Container, endpoint: ContainerEndpoint): FirewallEndpoint {
  return {
    containerId: row.id,
    name: row.name,
    labels: row.spec.labels ?? {},
    network: endpoint.row.network,
    hostInterface: endpoint.hostInterface,
    mac: endpoint.mac,
    address: endpoint.lease?.address,
    address6: endpoint.lease6?.address,
    egress: row.spec.egress ?? "all",
  };
}

/**
 * Where published ports of a family lead: to the endpoint by which the answers leave, which is that of the default route, or else the first
 * that has an address and is in no internal network.
 */
export function publishedEndpoint(
  networks: Networks,
  endpoints: readonly ContainerEndpoint[],
  family: IpFamily,
): ContainerEndpoint | undefined {
  const isOpen = ({ row, lease, lease6 }: ContainerEndpoint): boolean =>
    networks.get(row.network)?.isInternal === false && (family === 4 ? lease : lease6) !== undefined;
  const places = endpoints.flatMap(({ row }) => {
    const network = networks.get(row.network);
    return network === undefined ? [] : [{ row, network }];
  });
  const routes = chooseDefaultRoutes(places);
  const preferred = family === 4 ? routes.ipv4 : routes.ipv6;
  return endpoints.filter(isOpen).find(({ row }) => row.interface === preferred) ?? endpoints.find(isOpen);
}
