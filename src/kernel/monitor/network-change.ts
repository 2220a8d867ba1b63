/**
 * What can change in a network namespace, as the kernel tells it.
 *
 * @module
 */
import type { LinkInfo, RouteInfo } from "../netlink/index.ts";

/** A link came, changed or went. */
export interface LinkChanged {
  kind: "link";
  name: string;
  isRemoved: boolean;
  /** As it was after its last change, or when it was removed. */
  link: LinkInfo;
}

/** An address came, changed or went. */
export interface AddressChanged {
  kind: "address";
  /** `ADDRESS/LENGTH`. */
  name: string;
  isRemoved: boolean;
  /** Index of its link. */
  index: number;
}

/** A route of table `main` came, changed or went. */
export interface RouteChanged {
  kind: "route";
  /** `default` or `ADDRESS/LENGTH`. */
  name: string;
  isRemoved: boolean;
  route: RouteInfo;
}

/** Something in an nftables table changed, or the table went. */
export interface RulesChanged {
  kind: "rules";
  /** `FAMILY TABLE`, such as `inet netd`. */
  name: string;
  /** Whether the table itself was removed, and not made again. */
  isRemoved: boolean;
  /** Name of the program that did it, as far as the kernel tells. */
  by?: string;
}

/** A parameter of a family was written that routing looks at, such as `ip_forward`; which, the kernel does not always tell. */
export interface ParametersChanged {
  kind: "parameters";
  /** `ipv4` or `ipv6`. */
  name: string;
  isRemoved: false;
}

/** One thing that changed. Several changes of the same thing in a short time are one. */
export type NetworkChange = LinkChanged | AddressChanged | RouteChanged | RulesChanged | ParametersChanged;

/** What a listener is told at once. */
export interface NetworkChanges {
  /** Whether there was more than could be told: whoever listens must look at everything. */
  isIncomplete: boolean;
  changes: NetworkChange[];
}
