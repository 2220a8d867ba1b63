/**
 * Answers of the zones of one client: from a query's bytes to a reply's bytes, or the word that somebody else has to answer.
 *
 * @module
 */
import { isIPv6 } from "node:net";
import type { Answer } from "dns-packet";
import { type DnsQuery, parseQuery } from "./query.ts";
import { formatBadVersion, formatRefusal, formatReply } from "./reply.ts";
import { ZONE_DOMAIN, type Zone } from "./zone.ts";

/** A reply; or the parsed query to be forwarded; or nothing at all, because answering would be wrong. */
export type AnswerResult = { reply: Buffer; query?: DnsQuery } | { forward: DnsQuery } | "ignore";

/** Names change with containers: nobody may keep them. */
const TTL_SECONDS = 0;

/** Answer from zones alone; the first one that knows a name decides. Never throws, whatever the bytes are. */
export function answerQuery(bytes: Buffer, zones: readonly Zone[]): AnswerResult {
  return answerOrRefuse(bytes, (query) => answerFromZones(query, zones));
}

/**
 * Handle what is the same for all our servers: malformed queries, unknown operations, classes and EDNS versions, zone transfers; leave
 * the rest to `answer`, which returns undefined for what is not its business.
 */
export function answerOrRefuse(bytes: Buffer, answer: (query: DnsQuery) => Buffer | undefined): AnswerResult {
  const parsed = parseQuery(bytes);
  if (parsed === "ignore") return "ignore";
  if ("refuse" in parsed) return { reply: formatRefusal(bytes, parsed.refuse) };
  const { query } = parsed;
  if (query.edns !== undefined && query.edns.version > 0) return { reply: formatBadVersion(query), query };
  if (query.class !== "IN" || query.type === "AXFR" || query.type === "IXFR") {
    return { reply: formatReply(query, { rcode: "REFUSED" }), query };
  }
  const reply = answer(query);
  return reply === undefined ? { forward: query } : { reply, query };
}

/** The record that says for how long a "no" may be kept, RFC 2308: not at all. */
export function soaRecord(domain: string): Answer {
  return {
    type: "SOA",
    name: domain,
    ttl: TTL_SECONDS,
    data: {
      mname: domain,
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86400,
      minimum: TTL_SECONDS,
    },
  };
}

function answerFromZones(query: DnsQuery, zones: readonly Zone[]): Buffer | undefined {
  const { name, type } = query;
  if (name === undefined) return undefined;
  const addresses = firstOf(zones, (zone) => zone.addressesOf(name));
  if (addresses !== undefined) {
    const wanted = addresses.flatMap((data): Answer[] => {
      const kind = isIPv6(data) ? "AAAA" : "A";
      return type === kind || type === "ANY" ? [{ type: kind, name: query.spelling, ttl: TTL_SECONDS, data }] : [];
    });
    return wanted.length > 0 ? yes(query, wanted) : no(query, "NOERROR");
  }
  if (name === ZONE_DOMAIN) return no(query, "NOERROR");
  if (name.endsWith(`.${ZONE_DOMAIN}`)) return no(query, "NXDOMAIN");
  const meanings = zones.map((zone) => zone.reverse(name));
  const holder = meanings.find((meaning) => typeof meaning === "object");
  if (holder === undefined) return meanings.includes("free") ? no(query, "NXDOMAIN") : undefined;
  const isWanted = type === "PTR" || type === "ANY";
  return isWanted
    ? yes(query, [{ type: "PTR", name: query.spelling, ttl: TTL_SECONDS, data: holder.name }])
    : no(query, "NOERROR");
}

function firstOf<T>(zones: readonly Zone[], ask: (zone: Zone) => T | undefined): T | undefined {
  for (const zone of zones) {
    const answer = ask(zone);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function yes(query: DnsQuery, answers: Answer[]): Buffer {
  return formatReply(query, { rcode: "NOERROR", answers, isAuthoritative: true });
}

function no(query: DnsQuery, rcode: "NOERROR" | "NXDOMAIN"): Buffer {
  return formatReply(query, { rcode, authorities: [soaRecord(ZONE_DOMAIN)], isAuthoritative: true });
}
