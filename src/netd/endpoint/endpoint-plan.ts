/**
 * Plans of one container's place in a network: namespace, veth pair, address, route. Pure.
 *
 * @module
 */
import { parseSubnet } from "../../address/index.ts";
import type { NetworkStep } from "../../kernel/index.ts";
import { linkAlias } from "../network/network-plan.ts";

/** Everything that joins one container to one network. */
export interface EndpointPlanInput {
  containerId: string;
  /** Name under /run/netns. */
  netns: string;
  hostInterface: string;
  bridge: string;
  address: string;
  subnet: string;
  gateway: string;
  mac: string;
  mtu: number;
  instance: string;
}

/** Name of the interface inside the container. */
const CONTAINER_INTERFACE = "eth0";

/** Name of a container's host-side interface: `ve` and the first 10 digits of its id, which IFNAMSIZ has room for. */
export function hostInterfaceName(containerId: string): string {
  return `ve${containerId.slice(0, 10)}`;
}

/** Plan what joins a container to its network, in order; undone in reverse when a step fails. */
export function planAttach(input: EndpointPlanInput): NetworkStep[] {
  return [...planNamespace(input), ...planJoin(input)];
}

/** Plan the namespace alone: a process can be made in it while the rest of {@link planAttach} is done. */
export function planNamespace({ netns }: Pick<EndpointPlanInput, "netns">): NetworkStep[] {
  return [{ op: "netns.add", name: netns }];
}

/** Plan what a namespace needs that is in no network: lo, and ports below 1024 for everybody in it. */
export function planLoopback({ netns }: Pick<EndpointPlanInput, "netns">): NetworkStep[] {
  return [
    { op: "sysctl.set", netns, key: "net/ipv4/ip_unprivileged_port_start", value: "0" },
    { op: "link.set", netns, name: "lo", up: true },
  ];
}

/** Plan what joins the namespace of a container to its network. */
export function planJoin(input: EndpointPlanInput): NetworkStep[] {
  const { netns, hostInterface, mac, gateway } = input;
  const address = `${input.address}/${parseSubnet(input.subnet).prefixLength}`;
  return [
    // IPv4 only: an interface that comes now gets no link-local address, so nothing waits for duplicate-address detection.
    { op: "sysctl.set", netns, key: "net/ipv6/conf/default/disable_ipv6", value: "1", ifPresent: true },
    // As in docker: who is not root may listen on any port, in a namespace of its own.
    { op: "sysctl.set", netns, key: "net/ipv4/ip_unprivileged_port_start", value: "0" },
    {
      op: "link.addVeth",
      host: hostInterface,
      hostAlias: linkAlias(input.instance, input.containerId),
      bridge: input.bridge,
      peer: CONTAINER_INTERFACE,
      peerNetns: netns,
      peerMac: mac,
      mtu: input.mtu,
    },
    { op: "sysctl.set", key: `net/ipv6/conf/${hostInterface}/disable_ipv6`, value: "1", ifPresent: true },
    { op: "link.set", name: hostInterface, up: true },
    { op: "link.set", netns, name: "lo", up: true },
    { op: "address.add", netns, link: CONTAINER_INTERFACE, address },
    { op: "link.set", netns, name: CONTAINER_INTERFACE, up: true },
    { op: "route.add", netns, to: "default", via: gateway, dev: CONTAINER_INTERFACE },
    { op: "arp.announce", netns, link: CONTAINER_INTERFACE, address: input.address, mac, port: hostInterface },
  ];
}

/**
 * Plan what takes a container out of its network. The kernel then takes down the namespace and the veth pair in it, in a worker of its own:
 * deleting the pair by hand would hold netd up for as long as the kernel waits for its readers, some 30 ms.
 */
export function planDetach({ netns }: Pick<EndpointPlanInput, "netns">): NetworkStep[] {
  return [{ op: "netns.delete", name: netns }];
}
