/**
 * What the resolver answers for each network, from the membership of the moment.
 *
 * @module
 */
import type { ZoneDocument } from "../../dns/index.ts";
import type { DaemonContext } from "../context.ts";
import type { NetworkRow } from "../network/network-row.ts";

/** The zones of all networks whose bridge the resolver listens on. */
export function listZones({ networks, containers }: Pick<DaemonContext, "networks" | "containers">): ZoneDocument[] {
  return [...networks].flatMap((network) => zoneOf(containers, network));
}

/** All running members of a network, as the resolver wants them. */
function zoneOf(containers: DaemonContext["containers"], { kind, name, gateway, subnet }: NetworkRow): ZoneDocument[] {
  if (kind !== "bridge" || gateway === undefined || subnet === undefined) return [];
  const members = [...containers].flatMap(({ row, endpoints }) =>
    row.state !== "running"
      ? []
      : endpoints.flatMap(({ lease }) => (lease?.network === name ? [{ row, address: lease.address }] : [])),
  );
  return [
    {
      network: name,
      listen: gateway,
      subnet,
      records: Object.fromEntries(members.map(({ row, address }) => [row.name, address])),
      clientUpstreams: Object.fromEntries(
        members.flatMap(({ row, address }) => (row.spec.dns === undefined ? [] : [[address, row.spec.dns]])),
      ),
    },
  ];
}
