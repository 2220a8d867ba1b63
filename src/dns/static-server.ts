/**
 * A name server with fixed answers, for networks that are made up, such as the sandbox's internet.
 *
 * @module
 */
import { isIPv6 } from "node:net";
import type { Answer } from "dns-packet";
import { answerOrRefuse, soaRecord } from "./answer.ts";
import { type DnsListener, openDnsListener } from "./dns-listener.ts";
import type { DnsQuery } from "./query.ts";
import { formatReply, truncateReply, udpLimit } from "./reply.ts";

/** What a static server knows. */
export interface StaticZone {
  /** Domain that it is the authority for; names outside are refused. */
  domain: string;
  /** Lower-case name to its IPv4 and IPv6 addresses. */
  records: Readonly<Record<string, readonly string[]>>;
}

/** Where {@link openStaticDnsServer} listens. */
export interface OpenStaticDnsServerOptions {
  address: string;
  /** 53 unless told otherwise; 0: any. */
  port?: number;
}

/** Seconds for which answers may be kept. */
const TTL_SECONDS = 60;

/** Serve fixed answers over UDP and TCP until disposed. @throws {NetdError} DNS_LISTEN_FAILED */
export async function openStaticDnsServer(zone: StaticZone, options: OpenStaticDnsServerOptions): Promise<DnsListener> {
  return await openDnsListener({
    address: options.address,
    port: options.port ?? 53,
    handle(bytes, { transport }) {
      const result = answerOrRefuse(bytes, (query) => answerStatic(query, zone));
      if (result === "ignore" || !("reply" in result)) return undefined;
      const { reply, query } = result;
      return transport === "tcp" || query === undefined ? reply : truncateReply(reply, udpLimit(query));
    },
  });
}

/** Answer a query from fixed records: addresses, "no such record", "no such name", or a refusal of what is outside the domain. */
export function answerStatic(query: DnsQuery, zone: StaticZone): Buffer {
  const { name } = query;
  const domain = zone.domain.toLowerCase();
  const isInside = name === domain || name?.endsWith(`.${domain}`) === true;
  if (name === undefined || !isInside) return formatReply(query, { rcode: "REFUSED" });
  const addresses = Object.hasOwn(zone.records, name) ? zone.records[name]! : undefined; // hasOwn looked
  const answers = (addresses ?? []).flatMap((address): Answer[] => {
    const type = isIPv6(address) ? "AAAA" : "A";
    return query.type === type || query.type === "ANY"
      ? [{ type, name: query.spelling, ttl: TTL_SECONDS, data: address }]
      : [];
  });
  return formatReply(query, {
    rcode: addresses === undefined && name !== domain ? "NXDOMAIN" : "NOERROR",
    answers,
    authorities: answers.length === 0 ? [soaRecord(domain)] : [],
    isAuthoritative: true,
  });
}
