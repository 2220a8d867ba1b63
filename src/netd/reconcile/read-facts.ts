/**
 * Takes the snapshot: a few dumps for the whole host, however many containers there are.
 *
 * @module
 */
import {
  hasNetns,
  hasSysctl,
  type KernelSession,
  listAddresses,
  listLinks,
  listPorts,
  listQueues,
  listRoutes,
  readSysctl,
} from "../../kernel/index.ts";
import type { KernelFacts, PlaceFacts } from "./facts.ts";

/** What the snapshot holds besides links, addresses and routes. */
export interface ReadFactsOptions {
  /** Parameters of the host whose values are wanted. */
  sysctls: readonly string[];
  /** Bridges of which it is wanted which ports are isolated. */
  isolatedBridges: readonly string[];
  /** Whether the queues of links are wanted. */
  hasQueues?: boolean;
  /** Names under /run/netns to look into. */
  namespaces: readonly string[];
}

/** Ask the kernel. */
export function readFacts(
  session: KernelSession,
  { sysctls, isolatedBridges, hasQueues = false, namespaces }: ReadFactsOptions,
): KernelFacts {
  const host = readPlace(session, undefined);
  const values = sysctls.flatMap((key) => (hasSysctl(key) ? [[key, readSysctl(key)] as const] : []));
  return {
    ...host,
    ...(hasQueues ? { queues: listQueues(session.rtnetlink()) } : {}),
    sysctls: new Map(values),
    ports: new Map(
      isolatedBridges.filter((bridge) => host.links.has(bridge)).flatMap((bridge) => portsOf(session, bridge)),
    ),
    namespaces: new Map(namespaces.map((name) => [name, readNamespace(session, name)])),
  };
}

/** What is in a namespace, of a name below /run/netns or a path; undefined when it is not pinned any more. */
export function readNamespace(session: KernelSession, name: string): PlaceFacts | undefined {
  if (!name.startsWith("/") && !hasNetns(name)) return undefined;
  try {
    return readPlace(session, name);
  } finally {
    session.leave(name);
  }
}

function readPlace(session: KernelSession, netns: string | undefined): PlaceFacts {
  const socket = session.rtnetlink(netns);
  const addresses = new Map<string, string[]>();
  for (const { link, address } of listAddresses(socket)) {
    const held = addresses.get(link);
    if (held === undefined) addresses.set(link, [address]);
    else held.push(address);
  }
  return {
    links: new Map(listLinks(socket).map((link) => [link.name, link])),
    addresses,
    routes: listRoutes(socket),
    sysctls: new Map(),
    ports: new Map(),
  };
}

function portsOf(session: KernelSession, bridge: string): [name: string, isolated: boolean][] {
  return listPorts(session.rtnetlink(), bridge).map(({ name, isolated }) => [name, isolated]);
}
