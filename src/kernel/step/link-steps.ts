/**
 * Steps of links, as plain values: see network-steps.ts.
 *
 * @module
 */
import type { MacvlanMode } from "../netlink/index.ts";

/** Add a bridge that ignores router advertisements, whoever sends them (CVE-2020-13401). */
export interface LinkAddBridge {
  op: "link.addBridge";
  netns?: string | undefined;
  name: string;
  mac: string;
  alias?: string | undefined;
  mtu?: number | undefined;
  /** Bring it up, too; default false. */
  up?: boolean | undefined;
}

/** Add a veth pair whose peer is made inside its namespace; the host end ignores router advertisements. */
export interface LinkAddVeth {
  op: "link.addVeth";
  /** Namespace of the host end. */
  netns?: string | undefined;
  host: string;
  hostAlias?: string | undefined;
  /** Bridge that gets the host end as a port. */
  bridge?: string | undefined;
  peer: string;
  peerNetns?: string | undefined;
  peerMac?: string | undefined;
  mtu?: number | undefined;
  /** Bring the host end up, too; default false. */
  up?: boolean | undefined;
}

/** Add a macvlan link on a parent, inside its namespace; it ignores router advertisements, and is down. */
export interface LinkAddMacvlan {
  op: "link.addMacvlan";
  /** Namespace of the parent. */
  netns?: string | undefined;
  parent: string;
  name: string;
  /** Namespace of the new link. */
  peerNetns?: string | undefined;
  mac: string;
  mode: MacvlanMode;
  mtu?: number | undefined;
}

/** Add an intermediate functional block, where the traffic that arrives by another link can queue. */
export interface LinkAddIfb {
  op: "link.addIfb";
  netns?: string | undefined;
  name: string;
  alias?: string | undefined;
  mtu?: number | undefined;
  /** Bring it up, too; default false. */
  up?: boolean | undefined;
}

/** Delete a link, with the other end of a veth pair; nothing when there is none. Can't be undone. */
export interface LinkDelete {
  op: "link.delete";
  netns?: string | undefined;
  name: string;
}

/** Change a link; what is absent stays. */
export interface LinkSet {
  op: "link.set";
  netns?: string | undefined;
  name: string;
  up?: boolean | undefined;
  mtu?: number | undefined;
  /** Bridge whose port it becomes; null takes it out of its bridge. */
  master?: string | null | undefined;
  alias?: string | undefined;
  mac?: string | undefined;
}

/** Change the flags of a bridge port; what is absent stays. */
export interface PortSet {
  op: "port.set";
  netns?: string | undefined;
  name: string;
  /** Reaches no other isolated port, only the bridge itself and ports that are not. */
  isolated?: boolean | undefined;
  /** Frames may leave by the port they came in by. */
  hairpin?: boolean | undefined;
  /** Source addresses of frames that come in are remembered. */
  learning?: boolean | undefined;
  /** Frames to unknown addresses go out by it. */
  flood?: boolean | undefined;
}

/** Hold what leaves a link to a rate, with a token bucket filter; a rate that is there already is changed without losing what waits. */
export interface RateSet {
  op: "rate.set";
  netns?: string | undefined;
  link: string;
  bitsPerSecond: number;
}

/** Take the rate of a link away, and lose what waits; nothing when it has none. */
export interface RateDelete {
  op: "rate.delete";
  netns?: string | undefined;
  link: string;
}

/** Have all that arrives by a link leave by another, an ifb, where a rate can hold it; it goes on afterwards as if it had not. */
export interface IngressRedirect {
  op: "ingress.redirect";
  netns?: string | undefined;
  link: string;
  to: string;
}

/** End such a redirection; nothing when there is none. Can't be undone. */
export interface IngressDelete {
  op: "ingress.delete";
  netns?: string | undefined;
  link: string;
}
