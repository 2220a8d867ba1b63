/**
 * Networks as the API shows them: what was asked for, what was picked, and what is live.
 *
 * @module
 */
import type { NetworkDetail, NetworkInfo, NetworkMember } from "../../api/index.ts";
import {
  BRIDGE_MAX_PORTS,
  findLink,
  listLinks,
  listNeighbours,
  listNeighbourTables,
  readInterfaceCounters,
} from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import type { NetworkRow } from "./network-row.ts";
import { listPlaces } from "./network-users.ts";

/** Show a network. */
export function networkInfo({ ipam, uplink }: DaemonContext, row: NetworkRow): NetworkInfo {
  const { isAdopted, isInternal, isIsolated, foundAddresses: _found, ...shown } = row;
  return {
    ...shown,
    ...natInForce(row),
    mtu: row.mtu ?? uplink.mtu,
    adopted: isAdopted,
    internal: isInternal,
    isolated: isIsolated,
    addresses: ipam.usage(row.name),
    ...(row.subnet6 === undefined ? {} : { addresses6: ipam.usage(row.name, 6) }),
  };
}

/** What NAT does: nothing leaves an internal network, and a family that a network lacks has none. */
export function natInForce({ nat, nat6, subnet, subnet6, isInternal }: NetworkRow): Pick<NetworkRow, "nat" | "nat6"> {
  return {
    nat: isInternal || subnet === undefined ? "off" : nat,
    nat6: isInternal || subnet6 === undefined ? "off" : nat6,
  };
}

/** Show a network with its members and what the kernel says of its bridge. */
export function networkDetail(context: DaemonContext, row: NetworkRow): NetworkDetail {
  return { ...networkInfo(context, row), members: listMembers(context, row), ...liveOf(context, row) };
}

function listMembers(context: DaemonContext, { name }: NetworkRow): NetworkMember[] {
  return listPlaces(context, name).map(({ container: { row }, endpoint }) => ({
    container: row.name,
    containerId: row.id,
    interface: endpoint.row.interface,
    hostInterface: endpoint.hostInterface,
    ...(endpoint.lease === undefined ? {} : { address: endpoint.lease.address }),
    ...(endpoint.lease6 === undefined ? {} : { address6: endpoint.lease6.address }),
    mac: endpoint.mac,
    running: row.state === "running",
  }));
}

type Live = Pick<NetworkDetail, "ports" | "neighbours" | "counters">;

/** Ports, neighbours and counters of a bridge: from the kernel, and nothing when it is gone. */
function liveOf({ session }: DaemonContext, { kind, bridge }: NetworkRow): Live {
  const socket = session.rtnetlink();
  const link = kind === "bridge" ? findLink(socket, bridge) : undefined;
  if (link === undefined) return {};
  const ports = listLinks(socket).filter(({ master }) => master === link.index).length;
  // Multicast addresses and what somebody pinned are not limited.
  const neighbours = listNeighbours(socket, { link: bridge }).filter(
    ({ states }) => !states.includes("noarp") && !states.includes("permanent"),
  ).length;
  const [limit] = listNeighbourTables(socket).map((table) => table.limit);
  const counters = readInterfaceCounters(process.pid).find(({ Name }) => Name === bridge);
  return {
    ports: { used: ports, limit: BRIDGE_MAX_PORTS },
    ...(limit === undefined ? {} : { neighbours: { used: neighbours, limit } }),
    ...(counters === undefined
      ? {}
      : {
          counters: {
            rxBytes: counters.RxBytes,
            rxPackets: counters.RxPackets,
            rxDropped: counters.RxDropped,
            txBytes: counters.TxBytes,
            txPackets: counters.TxPackets,
            txDropped: counters.TxDropped,
          },
        }),
  };
}
