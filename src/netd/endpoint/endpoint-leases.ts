/**
 * The leases that make an endpoint's row into an endpoint.
 *
 * @module
 */
import type { Ipam, Lease } from "../../ipam/index.ts";
import type { DaemonContext } from "../context.ts";
import type { ContainerRow } from "../state-store.ts";
import { type ContainerEndpoint, type EndpointRow, makeEndpoint } from "./endpoint-row.ts";

/**
 * Take the addresses of an endpoint. Call it inside a transaction; what it took before it threw is in `taken`, to be abandoned.
 *
 * @throws {NetdError} as `Ipam.allocate`
 */
export function allocateEndpoint(
  { ipam }: Pick<DaemonContext, "ipam">,
  { id }: Pick<ContainerRow, "id">,
  row: EndpointRow,
  taken: Lease[],
): ContainerEndpoint {
  const { network, ip, mac } = row;
  const lease = ipam.allocate({ network, containerId: id, address: ip, mac });
  taken.push(lease);
  return makeEndpoint(id, row, { lease, lease6: undefined })!; // it has a lease
}

/** Find the endpoints that a row tells of, with their leases; one whose leases are gone is left out. */
export function findEndpoints(
  ipam: Ipam,
  { id, endpoints }: Pick<ContainerRow, "id" | "endpoints">,
): ContainerEndpoint[] {
  return endpoints.flatMap((row) => {
    const endpoint = makeEndpoint(id, row, { lease: ipam.find(row.network, id), lease6: undefined });
    return endpoint === undefined ? [] : [endpoint];
  });
}
