/**
 * What the host has already, as far as the choice of a network depends on it.
 *
 * @module
 */
import type { IpSubnet } from "../../address/index.ts";
import type { LinkInfo } from "../../kernel/index.ts";

/** Something that uses addresses of this host already. */
export interface TakenSubnet {
  subnet: IpSubnet;
  /** How a person knows it: `route 10.0.0.0/8 dev eth0`, `network 'lab'`. */
  by: string;
  /** Link that it belongs to, if any. */
  link?: string;
}

/** An address of the host. */
export interface HostAddress {
  link: string;
  /** `ADDRESS/LENGTH`. */
  address: string;
}

/** The host as a network finds it. */
export interface HostFacts {
  links: readonly LinkInfo[];
  addresses: readonly HostAddress[];
  /** Where routes lead, of both families; default routes are left out. */
  routes: readonly TakenSubnet[];
}

/** A network's link: its name, and what has that name now. */
export interface ChosenLink {
  name: string;
  existing: LinkInfo | undefined;
}
