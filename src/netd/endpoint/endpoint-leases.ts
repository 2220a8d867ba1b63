/**
 * The leases that make an endpoint's row into an endpoint.
 *
 * @module
 */
import type { IpFamily } from "../../address/index.ts";
import type { Ipam, Lease } from "../../ipam/index.ts";
import type { DaemonContext } from "../context.ts";
import type { ProbedAddresses } from "../lease/probed-addresses.ts";
import type { ContainerRow } from "../state-store.ts";
import { type ContainerEndpoint, type EndpointRow, makeEndpoint } from "./endpoint-row.ts";

/** What {@link allocateEndpoint} needs besides the endpoint. */
export interface AllocateEndpointOptions {
  /** Gets what was taken. */
  taken: Lease[];
  /** Addresses that were chosen beforehand, in networks where strangers had to be asked. */
  probed?: ProbedAddresses | undefined;
}

/**
 * Take the addresses of an endpoint, one of each family that its network has, with one MAC. Call it inside a transaction; what it took
 * before it threw is in `taken`, to be abandoned.
 *
 * @throws {NetdError} as `Ipam.allocate`
 */
export function allocateEndpoint(
  { ipam, networks }: Pick<DaemonContext, "ipam" | "networks">,
  { id, name }: Pick<ContainerRow, "id" | "name">,
  row: EndpointRow,
  { taken, probed }: AllocateEndpointOptions,
): ContainerEndpoint {
  const { subnet, subnet6 } = networks.find(row.network);
  const allocate = (family: IpFamily, address: string | undefined, mac: string | undefined): Lease => {
    const aside = address === undefined ? probed?.get(row.network, family) : undefined;
    const lease = ipam.allocate({
      ...{ network: row.network, containerId: id, name, family, mac },
      ...(aside === undefined ? { address } : { address: aside, isSetAside: true }),
    });
    taken.push(lease);
    return lease;
  };
  const lease = subnet === undefined && row.ip === undefined ? undefined : allocate(4, row.ip, row.mac);
  const lease6 =
    subnet6 === undefined && row.ip6 === undefined ? undefined : allocate(6, row.ip6, lease?.mac ?? row.mac);
  return makeEndpoint(id, row, { lease, lease6 })!; // every network has a subnet of some family
}

/** Find the endpoints that a row tells of, with their leases; one whose leases are gone is left out. */
export function findEndpoints(
  ipam: Ipam,
  { id, endpoints }: Pick<ContainerRow, "id" | "endpoints">,
): ContainerEndpoint[] {
  return endpoints.flatMap((row) => {
    const [lease, lease6] = [ipam.find(row.network, id, 4), ipam.find(row.network, id, 6)];
    const endpoint = makeEndpoint(id, row, { lease, lease6 });
    return endpoint === undefined ? [] : [endpoint];
  });
}
