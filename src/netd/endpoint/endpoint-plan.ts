/**
 * Plans of one container's places in networks: namespace, veth pairs, addresses, routes. Pure.
 *
 * @module
 */
import type { NetworkRoute } from "../../api/index.ts";
import type { NetworkStep } from "../../kernel/index.ts";
import { linkAlias } from "../network/network-plan.ts";

/** Everything that joins one container to one network. */
export interface EndpointPlanInput {
  containerId: string;
  /** Name under /run/netns. */
  netns: string;
  /** Inside the container. */
  interface: string;
  hostInterface: string;
  bridge: string;
  /** `ADDRESS/LENGTH`; at least one of the two is there. */
  address?: string | undefined;
  address6?: string | undefined;
  /** Routers of the default routes, where these go through this network. */
  via?: string | undefined;
  via6?: string | undefined;
  /** Routes that the network gives its containers. */
  routes: readonly NetworkRoute[];
  mac: string;
  mtu: number;
  instance: string;
}

/** Plan the namespace alone: a process can be made in it while the rest is done. */
export function planNamespace(netns: string): NetworkStep[] {
  return [{ op: "netns.add", name: netns }];
}

/** Plan what every namespace of a container needs: lo, and ports below 1024 for everybody in it. */
export function planLoopback(netns: string): NetworkStep[] {
  return [
    // As in docker: who is not root may listen on any port, in a namespace of its own.
    { op: "sysctl.set", netns, key: "net/ipv4/ip_unprivileged_port_start", value: "0" },
    { op: "link.set", netns, name: "lo", up: true },
  ];
}

/** Plan what a namespace needs before it is joined to its first network. */
export function planNetworking(netns: string): NetworkStep[] {
  return [
    // An interface that comes gets no link-local address, so nothing waits for duplicate-address detection; in an IPv6 network it is told otherwise.
    { op: "sysctl.set", netns, key: "net/ipv6/conf/default/disable_ipv6", value: "1", ifPresent: true },
    ...planLoopback(netns),
  ];
}

/** Plan what joins the namespace of a container to one network, in order; undone in reverse when a step fails. */
export function planJoin(input: EndpointPlanInput): NetworkStep[] {
  const { netns, interface: link, hostInterface, mac, address, address6 } = input;
  return [
    {
      op: "link.addVeth",
      host: hostInterface,
      hostAlias: linkAlias(input.instance, input.containerId),
      bridge: input.bridge,
      peer: link,
      peerNetns: netns,
      peerMac: mac,
      mtu: input.mtu,
    },
    { op: "sysctl.set", key: `net/ipv6/conf/${hostInterface}/disable_ipv6`, value: "1", ifPresent: true },
    { op: "link.set", name: hostInterface, up: true },
    ...(address6 === undefined ? [] : planIpv6(netns, link)),
    ...(address === undefined ? [] : [{ op: "address.add", netns, link, address } as const]),
    ...(address6 === undefined ? [] : [{ op: "address.add", netns, link, address: address6, nodad: true } as const]),
    { op: "link.set", netns, name: link, up: true },
    ...planDefaultRoutes(input),
    ...input.routes.map(({ to, via }): NetworkStep => ({ op: "route.add", netns, to, via, dev: link })),
    ...planAnnouncements(input),
  ];
}

/** Plan the default routes that go through a network. */
export function planDefaultRoutes({
  netns,
  interface: dev,
  via,
  via6,
}: Pick<EndpointPlanInput, "netns" | "interface" | "via" | "via6">): NetworkStep[] {
  return [via, via6].flatMap((router): NetworkStep[] =>
    router === undefined ? [] : [{ op: "route.add", netns, to: "default", via: router, dev }],
  );
}

/** Plan for an interface to take IPv6 addresses at once, and no router's word: the namespace has it refuse IPv6. */
function planIpv6(netns: string, link: string): NetworkStep[] {
  const set = (name: string, value: string): NetworkStep => ({
    op: "sysctl.set",
    netns,
    key: `net/ipv6/conf/${link}/${name}`,
    value,
  });
  return [set("accept_ra", "0"), set("accept_dad", "0"), set("disable_ipv6", "0")];
}

function planAnnouncements({ netns, interface: link, hostInterface, mac, address }: EndpointPlanInput): NetworkStep[] {
  const [ipv4] = address?.split("/") ?? [];
  return ipv4 === undefined ? [] : [{ op: "arp.announce", netns, link, address: ipv4, mac, port: hostInterface }];
}

/**
 * Plan what takes a container out of all networks. The kernel then takes down the namespace and the veth pairs in it, in a worker of its own:
 * deleting a pair by hand would hold netd up for as long as the kernel waits for its readers, some 30 ms.
 */
export function planDetach(netns: string): NetworkStep[] {
  return [{ op: "netns.delete", name: netns }];
}
