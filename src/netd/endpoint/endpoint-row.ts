/**
 * A container's place in one network: as it is remembered, and as netd holds it.
 *
 * @module
 */
import type { Lease } from "../../ipam/index.ts";

/** A container's place in a network as it is remembered, in its definition. */
export interface EndpointRow {
  /** Name of the network. */
  network: string;
  /** Inside the container: `eth0`, `eth1` … */
  interface: string;
  /** Further names of the container in this network. */
  aliases: string[];
  /** Its default route shall go through this network. */
  isDefaultRoute?: boolean;
  /** As asked for. */
  ip?: string;
  ip6?: string;
  mac?: string;
}

/** A container's place in a network, with its leases. */
export interface ContainerEndpoint {
  row: EndpointRow;
  /** Name of the host end of its veth pair. */
  readonly hostInterface: string;
  readonly mac: string;
  /** IPv4. */
  readonly lease?: Lease;
  /** IPv6. */
  readonly lease6?: Lease;
}

/** Interfaces inside containers: this and a number. */
const PREFIX = "eth";

/** The interface of the first network that a container joins. */
export const FIRST_INTERFACE = `${PREFIX}0`;

/** The number of an endpoint's interface. */
export function interfaceNumber({ interface: name }: Pick<EndpointRow, "interface">): number {
  return Number(name.slice(PREFIX.length));
}

/** Choose the interface for one more network: the lowest that is free. */
export function nextInterface(taken: readonly Pick<EndpointRow, "interface">[]): string {
  for (let number = 0; ; number++) {
    if (!taken.some((row) => row.interface === `${PREFIX}${number}`)) return `${PREFIX}${number}`;
  }
}

/**
 * Name of a host-side interface: `ve` and the first 10 digits of the container's id, for all but `eth0` with the number of the interface
 * behind it, which IFNAMSIZ has room for up to 99.
 */
export function hostInterfaceName(containerId: string, name: string): string {
  const suffix = name === FIRST_INTERFACE ? "" : `-${name.slice(PREFIX.length)}`;
  return `ve${containerId.slice(0, 10)}${suffix}`;
}

/** Make an endpoint from what is remembered of it. One without any lease is none. */
export function makeEndpoint(
  containerId: string,
  row: EndpointRow,
  leases: { lease: Lease | undefined; lease6: Lease | undefined },
): ContainerEndpoint | undefined {
  const { lease, lease6 } = leases;
  const mac = lease?.mac ?? lease6?.mac;
  if (mac === undefined) return undefined;
  return {
    row,
    hostInterface: hostInterfaceName(containerId, row.interface),
    mac,
    ...(lease === undefined ? {} : { lease }),
    ...(lease6 === undefined ? {} : { lease6 }),
  };
}
