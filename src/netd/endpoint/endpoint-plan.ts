/**
 * Plans of one container's places in networks: namespace, veth pairs, addresses, routes. Pure.
 *
 * @module
 */
import type { NetworkRoute } from "../../api/index.ts";
import type { MacvlanMode, NetworkStep } from "../../kernel/index.ts";
import { linkAlias } from "../network/network-plan.ts";
import { planRates, planRatesEnd } from "./rate-plan.ts";

/** Everything that joins one container to one network. */
export interface EndpointPlanInput {
  containerId: string;
  /** Name under /run/netns. */
  netns: string;
  /** Inside the container. */
  interface: string;
  /** Of a macvlan network: how its links behave towards each other; absent: a bridge network. */
  macvlanMode?: MacvlanMode | undefined;
  /** Host end of the veth pair; there is none in a macvlan network. */
  hostInterface: string;
  /** The bridge, or the parent of a macvlan network. */
  bridge: string;
  /** Its neighbours in the network can't be reached. */
  isIsolated: boolean;
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
  /** Limits of what the container receives and sends here, in bits a second. */
  rateInBps?: number | undefined;
  rateOutBps?: number | undefined;
  instance: string;
}

/** How {@link planJoin} joins. */
export interface PlanJoinOptions {
  /** The container runs already, and may have a default route that goes elsewhere; default false. */
  isRunning?: boolean;
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

/**
 * Plan what joins the namespace of a container to one network, in order; undone in reverse when a step fails. The host end comes up when all else
 * is done: an endpoint whose host end is up is complete.
 */
export function planJoin(input: EndpointPlanInput, { isRunning = false }: PlanJoinOptions = {}): NetworkStep[] {
  const { netns, interface: link, hostInterface, address, address6 } = input;
  const isVeth = input.macvlanMode === undefined;
  return [
    ...(isVeth ? planVeth(input) : planMacvlan(input)),
    ...planRates(input, {}, input),
    ...(address6 === undefined ? [] : planIpv6(netns, link)),
    ...(address === undefined ? [] : [{ op: "address.add", netns, link, address } as const]),
    ...(address6 === undefined ? [] : [{ op: "address.add", netns, link, address: address6, nodad: true } as const]),
    { op: "link.set", netns, name: link, up: true },
    ...planDefaultRoutes(input, isRunning ? "route.replace" : "route.add"),
    ...input.routes.map(({ to, via }): NetworkStep => ({ op: "route.add", netns, to, via, dev: link })),
    ...(isVeth ? [{ op: "link.set", name: hostInterface, up: true } as const] : []),
    ...planAnnouncements(input),
  ];
}

/** Plan the default routes that go through a network. */
export function planDefaultRoutes(
  { netns, interface: dev, via, via6 }: Pick<EndpointPlanInput, "netns" | "interface" | "via" | "via6">,
  op: "route.add" | "route.replace",
): NetworkStep[] {
  return [via, via6].flatMap((router): NetworkStep[] =>
    router === undefined ? [] : [{ op, netns, to: "default", via: router, dev }],
  );
}

/**
 * Plan what takes a container that goes on out of one network; the default routes of the networks that it stays in are as their inputs tell. The
 * link goes down first, which marks it as incomplete, and last it is deleted, which takes the kernel a while.
 */
export function planLeaveNetwork(left: EndpointPlanInput, stay: readonly EndpointPlanInput[]): NetworkStep[] {
  return [
    left.macvlanMode === undefined
      ? { op: "link.set", name: left.hostInterface, up: false }
      : { op: "link.set", netns: left.netns, name: left.interface, up: false },
    ...stay.flatMap((input) =>
      planDefaultRoutes(
        {
          ...input,
          via: left.via === undefined ? undefined : input.via,
          via6: left.via6 === undefined ? undefined : input.via6,
        },
        "route.replace",
      ),
    ),
    ...planUnlink(left),
  ];
}

/** Plan the end of an endpoint's link, and of what came with it: addresses, routes, the other end, limits. */
export function planUnlink(input: EndpointPlanInput): NetworkStep[] {
  const { macvlanMode, netns, interface: name, hostInterface } = input;
  return [
    macvlanMode === undefined ? { op: "link.delete", name: hostInterface } : { op: "link.delete", netns, name },
    ...planRatesEnd(input, input),
  ];
}

function planVeth(input: EndpointPlanInput): NetworkStep[] {
  const { hostInterface } = input;
  return [
    {
      op: "link.addVeth",
      host: hostInterface,
      hostAlias: linkAlias(input.instance, input.containerId),
      bridge: input.bridge,
      peer: input.interface,
      peerNetns: input.netns,
      peerMac: input.mac,
      mtu: input.mtu,
    },
    { op: "sysctl.set", key: `net/ipv6/conf/${hostInterface}/disable_ipv6`, value: "1", ifPresent: true },
    ...(input.isIsolated ? [{ op: "port.set", name: hostInterface, isolated: true } as const] : []),
  ];
}

function planMacvlan({ bridge, interface: name, netns, mac, macvlanMode, mtu }: EndpointPlanInput): NetworkStep[] {
  return [{ op: "link.addMacvlan", parent: bridge, name, peerNetns: netns, mac, mode: macvlanMode ?? "bridge", mtu }];
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

function planAnnouncements(input: EndpointPlanInput): NetworkStep[] {
  const { netns, interface: link, mac, address, address6, macvlanMode } = input;
  const target = { netns, link, mac, ...(macvlanMode === undefined ? { port: input.hostInterface } : {}) };
  const [ipv4] = address?.split("/") ?? [];
  const [ipv6] = address6?.split("/") ?? [];
  return [
    ...(ipv4 === undefined ? [] : [{ op: "arp.announce", address: ipv4, ...target } as const]),
    ...(ipv6 === undefined ? [] : [{ op: "na.announce", address: ipv6, ...target } as const]),
  ];
}

/**
 * Plan what takes a container out of all networks. The kernel then takes down the namespace and the veth pairs in it, in a worker of its own:
 * deleting a pair by hand would hold netd up for as long as the kernel waits for its readers, some 30 ms.
 */
export function planDetach(netns: string): NetworkStep[] {
  return [{ op: "netns.delete", name: netns }];
}
