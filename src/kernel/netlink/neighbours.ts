/**
 * Neighbours: who answered ARP or neighbour discovery, as `ip neighbour` lists them (linux/neighbour.h).
 *
 * @module
 */
import { formatNeighborMessage, MessageType, parseNeighborMessage } from "netlink/dist/rt/structs.js";
import { AF_INET, AF_INET6, formatIp, formatMac } from "./ip-address.ts";
import { linkNames } from "./link-names.ts";
import type { RtnetlinkSocket } from "./rtnetlink-socket.ts";

/** A neighbour as the kernel reports it. */
export interface NeighbourInfo {
  address: string;
  /** Lower-case colon form; absent while it has not answered. */
  mac?: string;
  /** Name of the link behind which it is. */
  link: string;
  /** NUD_* in lower case: `reachable`, `stale`, `failed` … */
  states: string[];
}

/** List the neighbours of the socket's namespace, optionally behind one link. */
export function listNeighbours(socket: RtnetlinkSocket, filter: { link?: string } = {}): NeighbourInfo[] {
  const nameOf = linkNames(socket);
  const messages = socket.dump({
    type: MessageType.GETNEIGH,
    body: (out) => formatNeighborMessage({ kind: "neighbor", data: {}, attrs: {} }, out),
    call: () => "list neighbours (RTM_GETNEIGH)",
  });
  const found: NeighbourInfo[] = [];
  for (const message of messages) {
    const { data, attrs } = parseNeighborMessage(message);
    if ((data.family !== AF_INET && data.family !== AF_INET6) || attrs.dst === undefined) continue;
    const link = nameOf(data.ifindex ?? 0);
    if (link === undefined || (filter.link !== undefined && link !== filter.link)) continue;
    found.push({
      address: formatIp(attrs.dst),
      ...(attrs.lladdr === undefined ? {} : { mac: formatMac(attrs.lladdr) }),
      link,
      states: Object.keys(data.state ?? {}).filter((name) => !name.startsWith("_")),
    });
  }
  return found;
}
