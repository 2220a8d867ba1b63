/**
 * The generated files of a container, from the membership of the moment.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { Container } from "../container.ts";
import { guardWrites } from "../container-dir.ts";
import type { DaemonContext } from "../context.ts";
import type { ContainerEndpoint } from "../endpoint/endpoint-row.ts";
import { parseNetworkMode } from "../endpoint/network-mode.ts";
import {
  formatHostHosts,
  formatHostname,
  formatHostResolvConf,
  formatHosts,
  formatResolvConf,
  type HostsMember,
} from "./container-files.ts";
import { rewriteInPlace } from "./hosts-writer.ts";
import { hasZone } from "./zones.ts";

/** Write the three generated files in place, made when missing: at each start. @throws {NetdError} STATE_WRITE_FAILED */
export function writeGeneratedFiles(context: DaemonContext, container: Container): void {
  const { row, paths } = container;
  // They are those of another container.
  if (parseNetworkMode(row.network).kind === "container") return;
  guardWrites(paths, () => {
    rewriteInPlace(paths.hostname, formatHostname(row.hostname));
    rewriteInPlace(paths.resolvConf, formatContainerResolvConf(context, container));
    rewriteInPlace(paths.hosts, formatContainerHosts(context, container));
  });
}

/** Names and addresses of the running members of each network. */
type Members = ReadonlyMap<string, readonly HostsMember[]>;

/** Format the hosts file of a container from the membership of this moment: the names of all its networks. */
export function formatContainerHosts(
  context: DaemonContext,
  { row, endpoints }: Container,
  members: Members = listMembers(context),
): string {
  const extraHosts = row.spec.extraHosts ?? [];
  if (row.network === "host") return formatHostHosts(readOfHost("/etc/hosts"), extraHosts);
  return formatHosts({
    hostname: row.hostname,
    domainname: row.spec.domainname,
    name: row.name,
    addresses: endpoints.flatMap(addressesOf),
    extraHosts,
    members: endpoints.flatMap(({ row: { network } }) => members.get(network) ?? []),
  });
}

function listMembers({ containers }: DaemonContext): Members {
  const members = new Map<string, HostsMember[]>();
  for (const { row, endpoints } of containers) {
    if (row.state !== "running") continue;
    for (const endpoint of endpoints) {
      const { network, aliases } = endpoint.row;
      const known = members.get(network) ?? [];
      members.set(network, known);
      for (const address of addressesOf(endpoint)) known.push({ name: row.name, aliases, address });
    }
  }
  return members;
}

function addressesOf({ lease, lease6 }: ContainerEndpoint): string[] {
  return [lease, lease6].flatMap((held) => (held === undefined ? [] : [held.address]));
}

/**
 * Format the resolv.conf of a container: netd-dns on the bridge of its first network that has one, which answers for all of them; else what its
 * user or its networks want, else what the host has.
 */
export function formatContainerResolvConf({ networks }: DaemonContext, { row, endpoints }: Container): string {
  const places = endpoints.map(({ row: { network } }) => networks.find(network));
  const first = places.find(hasZone);
  const server = first?.gateway ?? first?.gateway6;
  if (server !== undefined) {
    return formatResolvConf(
      server,
      places.flatMap(({ domain }) => (domain === undefined ? [] : [domain])),
    );
  }
  const named = places.map(({ dns }) => dns).find((servers) => servers.length > 0);
  return formatHostResolvConf(readOfHost("/etc/resolv.conf"), row.spec.dns ?? named);
}

/** Read a file that a host may lack. */
function readOfHost(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Rewrite the hosts file of each running container. Goes on after each failure, and logs them. */
export function rewriteAllHosts(context: DaemonContext): void {
  const members = listMembers(context);
  for (const container of context.containers) {
    if (container.row.state !== "running" || container.endpoints.length === 0) continue;
    try {
      rewriteInPlace(container.paths.hosts, formatContainerHosts(context, container, members));
    } catch (error) {
      context.logger.error({ err: error, container: container.row.name }, "cannot rewrite a hosts file");
    }
  }
}
