/**
 * Brings rows of older schemas of the state file to today's. Pure.
 *
 * @module
 */
import type { ContainerSpec } from "../api/index.ts";
import { type EndpointRow, FIRST_INTERFACE } from "./endpoint/endpoint-row.ts";
import { parseNetworkMode } from "./endpoint/network-mode.ts";
import { type NetworkRow, networkDefaults } from "./network/network-row.ts";

/** A network of version 1: there was one, with IPv4. */
type NetworkOfVersion1 = Pick<NetworkRow, "name" | "bridge" | "mac" | "isAdopted"> & {
  subnet: string;
  gateway: string;
};

/** What version 1 knew of a container's network: its mode, and what was asked for. */
interface ContainerOfVersion1 {
  network: string;
  spec: Pick<ContainerSpec, "ip" | "mac">;
}

/** Fill in what version 1 did not know of a network. */
export function upgradeNetwork(
  network: NetworkOfVersion1,
  made: Pick<NetworkRow, "id" | "createdAt">,
): NetworkOfVersion1 & NetworkRow {
  return { ...networkDefaults(), ...network, ...made };
}

/** Fill in what version 1 did not know of a container: it had one endpoint at most, and no ports. */
export function upgradeContainer<T extends ContainerOfVersion1>(
  container: T,
): T & { endpoints: EndpointRow[]; ports: [] } {
  const { network, spec } = container;
  const { ip, mac } = spec;
  const endpoint: EndpointRow = {
    network,
    interface: FIRST_INTERFACE,
    aliases: [],
    ...(ip === undefined ? {} : { ip }),
    ...(mac === undefined ? {} : { mac }),
  };
  return { ...container, endpoints: parseNetworkMode(network).kind === "bridge" ? [endpoint] : [], ports: [] };
}
