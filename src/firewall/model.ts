/**
 * What the rules are made from.
 *
 * @module
 */
import type { PortMapping } from "../address/index.ts";

/** What the rules must know of one network. */
export interface FirewallNetwork {
  name: string;
  id: string;
  /** Name of its bridge. */
  bridge: string;
  /** CIDR. */
  subnet?: string | undefined;
  subnet6?: string | undefined;
  gateway?: string | undefined;
  gateway6?: string | undefined;
  /** Nothing goes in or out of its bridge. */
  isInternal: boolean;
  /** Its containers can't reach each other. */
  isIsolated: boolean;
  /** `off`, `masquerade` or `snat:ADDRESS`. */
  nat: string;
  nat6: string;
  /** Hosts of others live on its bridge: who reaches them from elsewhere is not ours to say. */
  isAdopted?: boolean | undefined;
}

/** To whom a container may open connections: to everybody, to its own networks, or to nobody. */
export type Egress = "all" | "internal" | "none";

/** A container's place in one network. */
export interface FirewallEndpoint {
  containerId: string;
  /** The container's. */
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Name of the network. */
  network: string;
  hostInterface: string;
  mac: string;
  address?: string | undefined;
  address6?: string | undefined;
  egress: Egress;
}

/** A published port, and where in which network it leads. */
export interface FirewallPort {
  containerId: string;
  network: string;
  address?: string | undefined;
  address6?: string | undefined;
  mapping: PortMapping;
}

/** Containers of one network may open connections to those of another. */
export interface FirewallAllow {
  /** Name of a network. */
  from: string;
  to: string;
}

/** A rule about connections; the first that matches decides. Selectors: `any`, `container:NAME`, `label:KEY=VALUE`, `network:NAME`, `cidr:CIDR`. */
export interface FirewallAcl {
  name: string;
  action: "allow" | "deny";
  from: string;
  to: string;
  protocol?: "tcp" | "udp" | "sctp" | "icmp" | undefined;
  /** Destination ports: `80`, `80-90`. */
  ports?: readonly string[] | undefined;
}

/** What concerns all containers. */
export interface FirewallPolicy {
  networks: readonly FirewallNetwork[];
  allows: readonly FirewallAllow[];
  acls: readonly FirewallAcl[];
}

/** What concerns one container. */
export interface FirewallContainer {
  endpoints: readonly FirewallEndpoint[];
  ports: readonly FirewallPort[];
}

/** All of it. */
export interface FirewallModel extends FirewallPolicy, FirewallContainer {}
