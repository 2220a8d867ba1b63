/**
 * The steps that change the host, as plain values. {@link applySteps} carries them out; each `op` has its definition in a file of its family.
 *
 * `netns` is a name under /run/netns or an absolute path; absent, the program's own namespace.
 *
 * @module
 */
import type { CgroupResources } from "../cgroup/resources.ts";
import type {
  IptablesApply,
  IptablesDeleteChain,
  IptablesRemove,
  IptablesSetChain,
} from "../iptables/iptables-step-types.ts";
import type {
  IngressDelete,
  IngressRedirect,
  LinkAddBridge,
  LinkAddIfb,
  LinkAddMacvlan,
  LinkAddVeth,
  LinkDelete,
  LinkSet,
  PortSet,
  RateDelete,
  RateSet,
} from "./link-steps.ts";

export type * from "./link-steps.ts";

/** Make a network namespace and pin it at /run/netns/NAME. */
export interface NetnsAdd {
  op: "netns.add";
  name: string;
}

/** Unpin a network namespace; nothing when there is none. Can't be undone. */
export interface NetnsDelete {
  op: "netns.delete";
  name: string;
}

/** Pin a network namespace by another name. */
export interface NetnsRename {
  op: "netns.rename";
  name: string;
  to: string;
}

/** Give a link an address, with its broadcast address and the route to its prefix. */
export interface AddressAdd {
  op: "address.add";
  netns?: string | undefined;
  link: string;
  /** `ADDRESS/LENGTH`, IPv4 or IPv6. */
  address: string;
  /** IPv6: skip duplicate-address detection, where we own both ends; default false. */
  nodad?: boolean | undefined;
}

/** Take an address from a link; nothing when the link lacks it or is gone. */
export interface AddressDelete {
  op: "address.delete";
  netns?: string | undefined;
  link: string;
  address: string;
}

/** Add a route to table `main`. */
export interface RouteAdd {
  op: "route.add";
  netns?: string | undefined;
  /** `default` or `ADDRESS/LENGTH`. */
  to: string;
  via?: string | undefined;
  dev?: string | undefined;
  /** Smaller wins; default 0 for IPv4, 1024 for IPv6. */
  metric?: number | undefined;
}

/** Put a route of table `main` in the place of the one with the same destination and metric, if any, without a gap. */
export interface RouteReplace {
  op: "route.replace";
  netns?: string | undefined;
  /** `default` or `ADDRESS/LENGTH`. */
  to: string;
  via?: string | undefined;
  dev?: string | undefined;
  /** Smaller wins; default 0 for IPv4, 1024 for IPv6. */
  metric?: number | undefined;
}

/** Delete a route from table `main`; nothing when there is none. */
export interface RouteDelete {
  op: "route.delete";
  netns?: string | undefined;
  to: string;
  via?: string | undefined;
  dev?: string | undefined;
  /** Absent: whatever it is. */
  metric?: number | undefined;
}

/** Write a kernel parameter. */
export interface SysctlSet {
  op: "sysctl.set";
  netns?: string | undefined;
  /** `net.ipv4.ip_forward`, or with slashes where a name contains a dot. */
  key: string;
  value: string;
  /** Do nothing on a kernel that lacks it, such as one without IPv6; default false. */
  ifPresent?: boolean | undefined;
}

/** Put a whole nftables table in the place of the one of the same name, in one transaction. */
export interface NftReplaceTable {
  op: "nft.replaceTable";
  netns?: string | undefined;
  family: "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev";
  name: string;
  /** What stands between the braces, in nft's own text. */
  body: string;
}

/** Run commands of nft(8) as one transaction: all or nothing. */
export interface NftApply {
  op: "nft.apply";
  netns?: string | undefined;
  /** One command an element. */
  commands: readonly string[];
  /** What takes them back, as one transaction too. */
  undo: readonly string[];
}

/** Delete an nftables table; nothing when there is none. */
export interface NftDeleteTable {
  op: "nft.deleteTable";
  netns?: string | undefined;
  family: "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev";
  name: string;
}

/** Tell the neighbours behind a link who has an address now: one gratuitous ARP request (RFC 5227, 3). Can't be undone. */
export interface ArpAnnounce {
  op: "arp.announce";
  netns?: string | undefined;
  link: string;
  /** IPv4 address without a prefix length. */
  address: string;
  mac: string;
  /** Other end of the link, a bridge port: waits until it forwards, so that the announcement is heard behind the bridge. */
  port?: string | undefined;
  /** Namespace of that end. */
  portNetns?: string | undefined;
}

/** Tell the neighbours behind a link who has an IPv6 address now: one unsolicited advertisement (RFC 4861, 7.2.6). Can't be undone. */
export interface NaAnnounce {
  op: "na.announce";
  netns?: string | undefined;
  link: string;
  /** IPv6 address without a prefix length. */
  address: string;
  mac: string;
  /** Whether the address belongs to a router, such as the gateway of a network; default false. */
  isRouter?: boolean | undefined;
  /** Other end of the link, a bridge port: waits until it forwards, so that the announcement is heard behind the bridge. */
  port?: string | undefined;
  /** Namespace of that end. */
  portNetns?: string | undefined;
}

/** Make a cgroup; one that exists is kept and gets the limits. */
export interface CgroupCreate {
  op: "cgroup.create";
  /** Path below the root of each hierarchy: `/netd/x/ID`. */
  path: string;
  resources?: CgroupResources | undefined;
  /** Version 1: in the hierarchies that limits and statistics need, which is quicker, or in all; default `needed`. */
  hierarchies?: "needed" | "all" | undefined;
}

/** Kill what runs in a cgroup and remove it with all below it; nothing when there is none. Can't be undone. */
export interface CgroupDelete {
  op: "cgroup.delete";
  path: string;
}

/** Write a file in place, so that a bind mount of it shows the new content. */
export interface FileWrite {
  op: "file.write";
  path: string;
  content: string;
  /** Permission bits; default 0o644. */
  mode?: number | undefined;
}

/** Make a directory and its parents. */
export interface DirMake {
  op: "dir.make";
  path: string;
  /** Permission bits of the last one; default 0o755. */
  mode?: number | undefined;
}

/** Every change that we make to the host. */
export type NetworkStep =
  | NetnsAdd
  | NetnsDelete
  | NetnsRename
  | LinkAddBridge
  | LinkAddVeth
  | LinkAddMacvlan
  | LinkAddIfb
  | LinkDelete
  | LinkSet
  | PortSet
  | RateSet
  | RateDelete
  | IngressRedirect
  | IngressDelete
  | AddressAdd
  | AddressDelete
  | RouteAdd
  | RouteReplace
  | RouteDelete
  | SysctlSet
  | NftReplaceTable
  | NftDeleteTable
  | IptablesApply
  | IptablesRemove
  | IptablesSetChain
  | IptablesDeleteChain
  | NftApply
  | ArpAnnounce
  | NaAnnounce
  | CgroupCreate
  | CgroupDelete
  | FileWrite
  | DirMake;

/** The step of one `op`. */
export type NetworkStepOf<Op extends NetworkStep["op"]> = Extract<NetworkStep, { op: Op }>;
