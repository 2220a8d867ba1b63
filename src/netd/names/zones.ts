/**
 * What the resolver answers for each network, from the membership of the moment.
 *
 * @module
 */
import type { ZoneDocument, ZoneMember } from "../../dns/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import type { ContainerEndpoint } from "../endpoint/endpoint-row.ts";
import { DEFAULT_NETWORK, type NetworkRow } from "../network/network-row.ts";

/** How many digits of its id a container is also known by: docker's. */
const ID_DIGITS = 12;

/** The zones of all networks whose bridge the resolver listens on. */
export function listZones({ networks, containers }: Pick<DaemonContext, "networks" | "containers">): ZoneDocument[] {
  const members = new Map<string, ZoneMember[]>();
  for (const container of containers) {
    if (container.row.state !== "running") continue;
    for (const endpoint of container.endpoints) {
      const { network } = endpoint.row;
      const known = members.get(network);
      if (known === undefined) members.set(network, [zoneMember(container, endpoint)]);
      else known.push(zoneMember(container, endpoint));
    }
  }
  return [...networks].filter(hasZone).map((network) => zoneOf(network, members.get(network.name) ?? []));
}

/** Whether a network has a zone: netd-dns listens on its bridge. */
export function hasZone({ kind, gateway, gateway6 }: NetworkRow): boolean {
  return kind === "bridge" && (gateway !== undefined || gateway6 !== undefined);
}

/** A container in one of its networks, as the resolver wants it. */
export function zoneMember(
  { row }: Pick<Container, "row">,
  { row: place, lease, lease6 }: ContainerEndpoint,
): ZoneMember {
  return {
    id: row.id,
    name: row.name,
    aliases: [...place.aliases, row.id.slice(0, ID_DIGITS)],
    addresses: [lease, lease6].flatMap((held) => (held === undefined ? [] : [held.address])),
    ...(row.spec.dns === undefined ? {} : { upstreams: row.spec.dns }),
    // A name can carry data out.
    ...((row.spec.egress ?? "all") === "all" ? {} : { isConfined: true as const }),
  };
}

/**
 * Tell the resolver all zones. One that it can't listen for is told to `onFailure` and left out, but for the default network's.
 *
 * @throws {NetdError} DNS_LISTEN_FAILED
 */
export async function tellZones(
  zones: readonly ZoneDocument[],
  setZones: (zones: ZoneDocument[]) => Promise<unknown>,
  onFailure: (network: string, error: unknown) => void,
): Promise<void> {
  try {
    return void (await setZones([...zones]));
  } catch (error) {
    if (zones.length < 2) throw error;
  }
  let heard: ZoneDocument[] = [];
  for (const zone of zones) {
    try {
      await setZones([...heard, zone]);
      heard = [...heard, zone];
    } catch (error) {
      if (zone.network === DEFAULT_NETWORK) throw error;
      onFailure(zone.network, error);
    }
  }
}

function zoneOf(network: NetworkRow, members: ZoneMember[]): ZoneDocument {
  const { name, gateway, gateway6, subnet, subnet6, domain, dns, isInternal } = network;
  return {
    network: name,
    listen: [gateway, gateway6].filter((address) => address !== undefined),
    subnets: [subnet, subnet6].filter((cidr) => cidr !== undefined),
    ...(domain === undefined ? {} : { domain }),
    upstreams: dns,
    isInternal,
    members,
  };
}
