/**
 * Reads a table as libnftables prints it in JSON (libnftables-json(5)).
 *
 * @module
 */
import type { NftJson } from "../../kernel/index.ts";
import { isInBlock } from "./address-block.ts";
import {
  type ForeignChain,
  type ForeignRule,
  matchLink,
  negate,
  type ProbePacket,
  type RuleAction,
  type RuleMatch,
  unknownMatch,
} from "./foreign-rules.ts";

/** A chain as the document has it. */
export interface NftChain {
  family: string;
  table: string;
  name: string;
  type?: string;
  hook?: string;
  policy?: string;
}

interface NftRule {
  chain: string;
  expr: Record<string, unknown>[];
}

/** Parse the listing of one table into chains by name. What is not understood becomes a match that nobody can decide. */
export function parseNftTable({ nftables }: NftJson): Map<string, ForeignChain> {
  const rules = new Map<string, ForeignRule[]>();
  const chains = new Map<string, ForeignChain>();
  for (const item of nftables) {
    const chain = item.chain as NftChain | undefined;
    if (chain !== undefined) {
      const own: ForeignRule[] = [];
      rules.set(chain.name, own);
      const isFilter = chain.type === "filter";
      chains.set(chain.name, {
        name: chain.name,
        rules: own,
        ...(isFilter && { hook: chain.hook, policy: chain.policy === "drop" ? "drop" : "accept" }),
      });
    }
    const rule = item.rule as NftRule | undefined;
    if (rule !== undefined) rules.get(rule.chain)?.push(parseRule(rule));
  }
  return chains;
}

function parseRule({ expr }: NftRule): ForeignRule {
  const matches: RuleMatch[] = [];
  let action: RuleAction = { kind: "none" };
  for (const statement of expr) {
    const verdict = parseVerdict(statement);
    if (verdict !== undefined) action = verdict;
    else if ("match" in statement) matches.push(parseMatch(statement.match as NftMatch));
    else if (!HARMLESS.some((name) => name in statement)) matches.push(unknownMatch);
  }
  return { matches, action, text: describeExpressions(expr) };
}

/** Statements that match everything and decide nothing. */
const HARMLESS = ["counter", "log", "mangle", "notrack", "comment"] as const;

function parseVerdict(statement: Record<string, unknown>): RuleAction | undefined {
  if ("accept" in statement) return { kind: "accept" };
  if ("drop" in statement || "reject" in statement) return { kind: "drop" };
  if ("return" in statement) return { kind: "return" };
  const to = (statement.jump ?? statement.goto) as { target: string } | undefined;
  if (to === undefined) return undefined;
  return { kind: "jump" in statement ? "jump" : "goto", chain: to.target };
}

interface NftMatch {
  op: string;
  left: NftLeft;
  right: unknown;
}

interface NftLeft {
  meta?: { key: string };
  ct?: { key: string };
  payload?: { protocol: string; field: string };
}

function parseMatch({ op, left, right }: NftMatch): RuleMatch {
  const alternatives = alternativesOf(right);
  if (alternatives === undefined || !["==", "!=", "in"].includes(op)) return unknownMatch;
  const test = matchOf(left);
  if (test === undefined) return unknownMatch;
  const some: RuleMatch = (packet) => {
    const results = alternatives.map((value) => test(packet, value));
    return results.includes(true) ? true : results.includes(undefined) ? undefined : false;
  };
  return op === "!=" ? negate(some) : some;
}

/** The values that a match compares with; undefined when they are in a set with a name. */
function alternativesOf(right: unknown): unknown[] | undefined {
  if (typeof right === "string" && right.startsWith("@")) return undefined;
  if (Array.isArray(right)) return right;
  const set = (right as { set?: unknown } | null)?.set;
  return Array.isArray(set) ? set : [right];
}

type ValueTest = (packet: ProbePacket, value: unknown) => boolean | undefined;

function matchOf({ meta, ct, payload }: NftLeft): ValueTest | undefined {
  switch (meta?.key ?? (ct && `ct ${ct.key}`) ?? (payload && `${payload.protocol} ${payload.field}`)) {
    case "iif":
    case "iifname":
      return (packet, value) => matchLink("from", String(value), "*")(packet);
    case "oif":
    case "oifname":
      return (packet, value) => matchLink("to", String(value), "*")(packet);
    case "nfproto":
      return ({ family }, value) => value === `ipv${family}`;
    case "l4proto":
    case "ip protocol":
    case "ip6 nexthdr":
      return ({ protocol }, value) => value === protocol;
    case "ct state":
      return ({ state }, value) => value === state;
    case "ct status":
      return ({ isDnat }, value) => (value === "dnat" ? isDnat : undefined);
    case "ip saddr":
    case "ip6 saddr":
      return ({ source }, value) => isAmong(source, value);
    case "ip daddr":
    case "ip6 daddr":
      return ({ destination }, value) => isAmong(destination, value);
    case "tcp dport":
    case "udp dport":
    case "th dport":
      return (packet, value) =>
        (payload?.protocol === "th" || payload?.protocol === packet.protocol) && isPort(packet.port, value);
    case "icmp type":
    case "icmpv6 type":
      return () => false;
    default:
      return undefined;
  }
}

function isAmong(address: string, value: unknown): boolean | undefined {
  if (typeof value === "string") return isInBlock(address, value);
  const { prefix } = value as { prefix?: { addr: string; len: number } };
  return prefix === undefined ? undefined : isInBlock(address, `${prefix.addr}/${prefix.len}`);
}

function isPort(port: number, value: unknown): boolean | undefined {
  if (typeof value === "number") return value === port;
  const { range } = value as { range?: [number, number] };
  return range === undefined ? undefined : port >= range[0] && port <= range[1];
}

/** A short text of a rule: the document has none of its own. */
function describeExpressions(expr: readonly Record<string, unknown>[]): string {
  return expr
    .map((statement) => {
      const { left, right } = (statement.match ?? {}) as Partial<NftMatch>;
      if (left === undefined) return Object.keys(statement)[0] ?? "";
      const { meta, ct, payload } = left;
      const key = meta?.key ?? (ct && `ct ${ct.key}`) ?? (payload && `${payload.protocol} ${payload.field}`) ?? "...";
      return `${key} ${typeof right === "string" ? right : JSON.stringify(right)}`;
    })
    .filter((word) => word !== "counter")
    .join(" ");
}
