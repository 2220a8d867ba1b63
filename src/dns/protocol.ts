/**
 * What netd and netd-dns say to each other on the resolver's unix socket: one JSON document a line, each answered by `{ id }` or
 * `{ id, error }`, in order, once it is in force.
 *
 * @module
 */
import type { ErrorDocument } from "../errors.ts";

/** Everything one bridge's resolver answers from; replaced whole, or changed by `upsert` and `remove`. */
export interface ZoneDocument {
  network: string;
  /** Where it listens, port 53: the bridge address. */
  listen: string;
  /** Reverse names in it are answered here and nowhere else; absent: only those of records are. */
  subnet?: string;
  /** Container name to address. */
  records: Record<string, string>;
  /** Client address to the upstreams that its `--dns` names; others use the host's. */
  clientUpstreams: Record<string, string[]>;
}

export type DnsRequest =
  | { id: number; method: "hello" }
  /** Replace all zones; sockets of networks that stay are kept. */
  | { id: number; method: "setZones"; zones: ZoneDocument[] }
  | { id: number; method: "upsert"; network: string; name: string; address: string; upstreams?: string[] }
  | { id: number; method: "remove"; network: string; name: string }
  | { id: number; method: "shutdown" };

export type DnsAnswer =
  | { id: number; result?: { pid: number; version: string } }
  | { id: number; error: ErrorDocument };
