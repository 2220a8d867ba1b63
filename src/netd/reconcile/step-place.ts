/**
 * Which link a step is about. Pure.
 *
 * @module
 */
import type { LinkInfo, NetworkStep } from "../../kernel/index.ts";

/** A link of a network namespace. */
export interface Place {
  /** Absent: the host's own. */
  netns: string | undefined;
  link: string;
}

/** `net/ipv6/conf/LINK/…`, and the two that are of no link. */
const LINK_SYSCTL = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//;
const NO_LINKS = ["all", "default"];

/** The link that a step changes; undefined for one that makes a link, or changes none. */
export function placeOf(step: NetworkStep): Place | undefined {
  const netns = "netns" in step ? step.netns : undefined;
  const link = linkOf(step);
  return link === undefined ? undefined : { netns, link };
}

function linkOf(step: NetworkStep): string | undefined {
  if (step.op === "link.addBridge" || step.op === "link.addVeth" || step.op === "link.addMacvlan") return undefined;
  if (step.op === "sysctl.set") {
    const [, link] = LINK_SYSCTL.exec(step.key) ?? [];
    return link === undefined || NO_LINKS.includes(link) ? undefined : link;
  }
  if (step.op === "link.set" || step.op === "port.set" || step.op === "link.delete") return step.name;
  if ("link" in step && typeof step.link === "string") return step.link;
  if ("dev" in step && typeof step.dev === "string") return step.dev;
  return undefined;
}

/** Say what a link is and whose, as its alias tells. */
export function describeLink({ kind, alias }: LinkInfo): string {
  const owner = alias?.startsWith("netd:") === true ? "another netd's" : "somebody else's";
  return `${owner} ${kind ?? "device"}`;
}
