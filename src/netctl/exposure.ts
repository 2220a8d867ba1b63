/**
 * Who can reach what: worked out from what netd says, and from the addresses of this host.
 *
 * @module
 */
import type { AclSpec, AllowInfo, ContainerInfo, NetworkInfo, PortMapping } from "../api/index.ts";
import { formatHost, formatTarget, rangeOf } from "./format-ports.ts";

/** One way in. */
export interface Exposure {
  kind: "port" | "host" | "allow" | "acl" | "routed";
  /** Who can come in. */
  from: string;
  /** Where they come in: an address and a port of this host; nothing for what goes from network to network. */
  at: string;
  protocol: string;
  /** Where it leads. */
  to: string;
  container?: string;
  network?: string;
}

/** What {@link listExposures} looks at. */
export interface ExposureFacts {
  containers: ContainerInfo[];
  networks: NetworkInfo[];
  allows: AllowInfo[];
  acls: AclSpec[];
  /** Addresses of this host, with the link that has each. */
  hostAddresses: { link: string; address: string }[];
}

/** List all ways in, published ports first. */
export function listExposures(facts: ExposureFacts): Exposure[] {
  const { containers, networks, allows, acls } = facts;
  const running = containers.filter(({ state }) => state === "running" || state === "paused");
  return [
    ...running.flatMap((container) => (container.ports ?? []).map((port) => ofPort(container, port, facts))),
    ...running.filter(({ networkMode }) => networkMode === "host").map(ofHostNetwork),
    ...networks.flatMap(ofRoutedNetwork),
    ...allows.map(ofAllow),
    ...acls.filter(({ action }) => action === "allow").map(ofAcl),
  ];
}

/** Say who can come in at an address of this host. */
export function whoReaches(
  { hostAddress, hostInterface }: Pick<PortMapping, "hostAddress" | "hostInterface">,
  hostAddresses: ExposureFacts["hostAddresses"],
): string {
  if (hostAddress.startsWith("127.") || hostAddress === "::1") return "this host only";
  if (hostInterface !== undefined) {
    const isThere = hostAddresses.some(({ link }) => link === hostInterface);
    return isThere ? `who comes in by ${hostInterface}` : `nobody: no link ${hostInterface} has an address now`;
  }
  if (hostAddress === "0.0.0.0" || hostAddress === "::") return "anyone";
  const owner = hostAddresses.find(({ address }) => address === hostAddress);
  if (owner === undefined) return `nobody: no link has ${hostAddress} now`;
  return `the networks of ${owner.link}`;
}

function ofPort(container: ContainerInfo, port: PortMapping, { hostAddresses }: ExposureFacts): Exposure {
  const network = container.endpoint?.network;
  return {
    kind: "port",
    from: whoReaches(port, hostAddresses),
    at: formatHost(port, rangeOf(port.hostPort, port)),
    protocol: port.protocol,
    to: `${container.name}:${formatTarget(port).replace(/\/.*/, "")}`,
    container: container.name,
    ...(network === undefined ? {} : { network }),
  };
}

function ofHostNetwork({ name }: ContainerInfo): Exposure {
  const at = "all it listens on";
  return { kind: "host", from: "anyone", at, protocol: "any", to: `${name} (--network host)`, container: name };
}

/** A network on a wire of its own lets its neighbours in, past this host's firewall. */
function ofRoutedNetwork({ name, kind, bridge }: NetworkInfo): Exposure[] {
  if (kind !== "macvlan") return [];
  const from = `the neighbours of ${bridge}`;
  return [{ kind: "routed", from, at: "its addresses", protocol: "any", to: `network ${name}`, network: name }];
}

function ofAllow({ from, to }: AllowInfo): Exposure {
  return { kind: "allow", from: `network ${from}`, at: "its addresses", protocol: "any", to: `network ${to}` };
}

function ofAcl({ from, to, protocol, ports = [] }: AclSpec): Exposure {
  const at = ports.length === 0 ? "its addresses" : `port ${ports.join(",")}`;
  return { kind: "acl", from: from.replace(":", " "), at, protocol: protocol ?? "any", to: to.replace(":", " ") };
}
