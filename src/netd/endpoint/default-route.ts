/**
 * Through which of its networks a container's default route goes. Pure.
 *
 * @module
 */
import type { NetworkRow } from "../network/network-row.ts";
import type { EndpointRow } from "./endpoint-row.ts";

/** One of a container's places, and the network that it is in. */
export interface Place {
  row: EndpointRow;
  network: NetworkRow;
}

/** For each family, the interface through which the default route goes; absent: there is none. */
export interface DefaultRoutes {
  ipv4?: string;
  ipv6?: string;
}

/** Choose the default routes: through the endpoint that was asked for, else through the first whose network has a gateway. Never through an internal network. */
export function chooseDefaultRoutes(places: readonly Place[]): DefaultRoutes {
  const outward = places.filter(({ network }) => !network.isInternal);
  const preferred = [...outward].sort((a, b) => Number(isAskedFor(b)) - Number(isAskedFor(a)));
  const ipv4 = preferred.find(({ network }) => network.gateway !== undefined)?.row.interface;
  const ipv6 = preferred.find(({ network }) => network.gateway6 !== undefined)?.row.interface;
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

function isAskedFor({ row }: Place): boolean {
  return row.isDefaultRoute === true;
}
