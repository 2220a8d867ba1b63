/**
 * Checks of what a definition says about its networks, and what it becomes in the container's row.
 *
 * @module
 */
import { parseIpv4, parseIpv6, parseMac } from "../../address/index.ts";
import type { ContainerSpec, EndpointSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Container } from "../container.ts";
import { DEFAULT_NETWORK, type NetworkRow } from "../network/network-row.ts";
import type { Networks } from "../network/networks.ts";
import type { ContainerRow } from "../state-store.ts";
import { type EndpointRow, nextInterface } from "./endpoint-row.ts";
import { formatContainerMode, parseNetworkMode } from "./network-mode.ts";

/** What {@link resolveNetworks} looks things up in. */
export interface NetworkLookup {
  networks: Networks;
  /** @throws {NetdError} CONTAINER_UNKNOWN */
  findContainer: (reference: string) => Container;
}

/** What belongs to a network of its own; docker refuses the same. */
const OWN_NETWORK: readonly (keyof ContainerSpec)[] = [
  "ip",
  "ip6",
  "mac",
  "aliases",
  "networks",
  "ports",
  "rateInBps",
  "rateOutBps",
];
/** What is in the files that it would share with the other container. */
const OWN_FILES: readonly (keyof ContainerSpec)[] = [...OWN_NETWORK, "hostname", "domainname", "dns", "extraHosts"];
const OPTION: Partial<Record<keyof ContainerSpec, string>> = {
  mac: "--mac-address",
  aliases: "--network-alias",
  networks: "another --network",
  ports: "--publish",
  rateInBps: "--rate-in",
  rateOutBps: "--rate-out",
  extraHosts: "--add-host",
};

/** RFC 1123 section 2.1, underscores as docker has them. */
const ALIAS = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*$/;

/**
 * Resolve the networks of a definition to those of a row: its mode, which is the first network's name, `none`, `host`, or `container:ID`, and
 * its endpoints. Who joins a container that itself joined another joins that other.
 *
 * @throws {NetdError} NETWORK_UNKNOWN, CONTAINER_UNKNOWN, MAC_INVALID, ADDRESS_INVALID; API_REQUEST_INVALID when two things that were asked for
 * can't be together
 */
export function resolveNetworks(
  spec: ContainerSpec,
  { networks, findContainer }: NetworkLookup,
): Pick<ContainerRow, "network" | "endpoints"> {
  const wanted = spec.network ?? DEFAULT_NETWORK;
  const mode = parseNetworkMode(wanted);
  if (mode.kind === "bridge") {
    const { ip, ip6, mac, aliases } = spec;
    const first = { network: mode.network, ...given({ ip, ip6, mac, aliases }) };
    const endpoints = planEndpoints([first, ...(spec.networks ?? [])], networks);
    return { network: endpoints[0]!.network, endpoints }; // there is one for each that was asked for
  }
  for (const key of mode.kind === "container" ? OWN_FILES : OWN_NETWORK) {
    const value = spec[key];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const option = OPTION[key] ?? `--${key}`;
    throw new NetdError(
      "API_REQUEST_INVALID",
      `Cannot create a container with network '${wanted}' and ${option}: one of the two wanted`,
      { remedy: `Leave out ${option}, or --network ${wanted}` },
    );
  }
  if (mode.kind !== "container") return { network: wanted, endpoints: [] };
  const { row } = findContainer(mode.id);
  const network = parseNetworkMode(row.network).kind === "container" ? row.network : formatContainerMode(row.id);
  return { network, endpoints: [] };
}

/**
 * Check what is asked for of one endpoint and make its row.
 *
 * @throws {NetdError} NETWORK_UNKNOWN, ADDRESS_INVALID, MAC_INVALID, API_REQUEST_INVALID
 */
export function planEndpoint(
  spec: EndpointSpec,
  { networks, taken }: { networks: Networks; taken: readonly EndpointRow[] },
): EndpointRow {
  const network = networks.find(spec.network);
  const { ip, ip6, mac, aliases = [], defaultRoute } = spec;
  if (taken.some((row) => row.network === network.name)) {
    throw invalid(`network '${network.name}' twice`, "one place in each network");
  }
  checkFamilies(network, spec);
  for (const alias of aliases) {
    if (!ALIAS.test(alias)) throw invalid(`alias '${alias}'`, "a host name of letters, digits, '-', '_' and '.'");
  }
  if (defaultRoute === true && network.isInternal) {
    throw invalid(`a default route through '${network.name}', which is internal`, "a network with a way out");
  }
  if (defaultRoute === true && taken.some((row) => row.isDefaultRoute === true)) {
    throw invalid("two networks for the default route", "one");
  }
  return {
    network: network.name,
    interface: nextInterface(taken),
    aliases: [...new Set(aliases.map((alias) => alias.toLowerCase()))],
    ...given({ ip, ip6, isDefaultRoute: defaultRoute }),
    ...(mac === undefined ? {} : { mac: parseMac(mac) }),
  };
}

function planEndpoints(specs: readonly EndpointSpec[], networks: Networks): EndpointRow[] {
  const rows: EndpointRow[] = [];
  for (const spec of specs) rows.push(planEndpoint(spec, { networks, taken: rows }));
  return rows;
}

function checkFamilies({ name, subnet, subnet6 }: NetworkRow, { ip, ip6 }: EndpointSpec): void {
  if (ip !== undefined) parseIpv4(ip);
  if (ip6 !== undefined) parseIpv6(ip6);
  const lacking =
    ip !== undefined && subnet === undefined
      ? ["--ip", "IPv4"]
      : ip6 !== undefined && subnet6 === undefined
        ? ["--ip6", "IPv6"]
        : undefined;
  if (lacking !== undefined)
    throw invalid(`${lacking[0]} in network '${name}', which has no ${lacking[1]}`, "one with it");
}

/** What is there of an object. */
function given<T extends object>(wishes: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function invalid(now: string, wanted: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot join a container to its networks: ${now}, ${wanted} wanted`, {
    remedy: "See the networks with 'netctl net ls', and the forms with 'netctl net connect -h'",
  });
}
