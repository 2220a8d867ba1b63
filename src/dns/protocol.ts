/**
 * What netd and netd-dns say to each other on the resolver's unix socket: one JSON document a line, each answered by `{ id }` or
 * `{ id, error }`, in order, once it is in force.
 *
 * @module
 */
import type { ErrorDocument } from "../errors.ts";

/** One container in one network. */
export interface ZoneMember {
  /** Of the container: the same in all its networks, whose names it gets. */
  id: string;
  name: string;
  /** Further names; several members may share one. */
  aliases: string[];
  /** IPv4 and IPv6. */
  addresses: string[];
  /** Upstreams that its `--dns` names; absent: those of its networks, else the host's. */
  upstreams?: string[];
  /** It gets answers of our own only, whatever its networks are. */
  isConfined?: true;
}

/** Everything one network's resolver answers from; replaced whole, or changed by `upsert` and `remove`. */
export interface ZoneDocument {
  network: string;
  /** Where it listens, port 53: the bridge's addresses. */
  listen: string[];
  /** Reverse names in them are answered here and nowhere else. */
  subnets: string[];
  /** Domain in which its members are known besides our own. */
  domain?: string;
  /** Upstreams of its members; empty: the host's. */
  upstreams: string[];
  /** Who is in no other network gets answers of our own only. */
  isInternal: boolean;
  members: ZoneMember[];
}

export type DnsRequest =
  | { id: number; method: "hello" }
  /** Replace all zones; sockets of networks that stay are kept. */
  | { id: number; method: "setZones"; zones: ZoneDocument[] }
  /** Add a member, or put it in the place of the one with its id. */
  | { id: number; method: "upsert"; network: string; member: ZoneMember }
  | { id: number; method: "remove"; network: string; memberId: string }
  | { id: number; method: "shutdown" };

export type DnsAnswer =
  | { id: number; result?: { pid: number; version: string } }
  | { id: number; error: ErrorDocument };
