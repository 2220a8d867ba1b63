/**
 * One network as it is remembered.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { DriftPolicy, NetworkRoute } from "../../api/index.ts";

/** Name of the network that containers join unless told otherwise. */
export const DEFAULT_NETWORK = "default";

/** A network: what was asked for, with everything picked that was left open. */
export interface NetworkRow {
  name: string;
  /** Ten hexadecimal digits. */
  id: string;
  kind: "bridge" | "macvlan";
  /** Name of the bridge; of a macvlan network, that of its parent link. */
  bridge: string;
  macvlanMode?: "bridge" | "vepa" | "private" | "passthru";
  /** Of the bridge. */
  mac: string;
  /** The bridge was there before us: it stays at teardown. */
  isAdopted: boolean;
  /** `ADDRESS/LENGTH` of an adopted bridge, had before us: they stay when the network goes. */
  foundAddresses?: string[];
  /** IPv4, as CIDR; absent in a network without IPv4. */
  subnet?: string;
  /** The bridge's address in it. */
  gateway?: string;
  /** IPv6, as CIDR; absent in a network without IPv6. */
  subnet6?: string;
  gateway6?: string;
  /** `A-B` or CIDR: only these addresses are given out; empty: all. */
  ranges: string[];
  /** `A`, `A-B` or CIDR: never given out. */
  excludes: string[];
  /** Bytes; absent: that of the uplink, followed. */
  mtu?: number;
  /** `off`, `masquerade` or `snat:ADDRESS`. */
  nat: string;
  nat6: string;
  /** Nothing outside the host can be reached, nor by names. */
  isInternal: boolean;
  /** Its containers can't reach each other. */
  isIsolated: boolean;
  /** Upstream name servers of its containers; empty: the host's. */
  dns: string[];
  domain?: string;
  /** Routes that its containers get. */
  routes: NetworkRoute[];
  labels: Record<string, string>;
  drift: DriftPolicy;
  /** First bytes of its containers' MACs, in colon form; absent: 02:42. */
  macPrefix?: string;
  /** ISO 8601. */
  createdAt: string;
}

/** What a network is unless told otherwise. */
export type NetworkDefaults = Pick<
  NetworkRow,
  | "kind"
  | "isAdopted"
  | "ranges"
  | "excludes"
  | "nat"
  | "nat6"
  | "isInternal"
  | "isIsolated"
  | "dns"
  | "routes"
  | "labels"
  | "drift"
>;

/** Make what a network is unless told otherwise. */
export function networkDefaults(): NetworkDefaults {
  return {
    kind: "bridge",
    isAdopted: false,
    ranges: [],
    excludes: [],
    nat: "masquerade",
    nat6: "masquerade",
    isInternal: false,
    isIsolated: false,
    dns: [],
    routes: [],
    labels: {},
    drift: "heal",
  };
}

/** Make the id of a new network: ten hexadecimal digits, so that `br-` and it fit IFNAMSIZ. */
export function makeNetworkId(): string {
  return randomBytes(5).toString("hex");
}
