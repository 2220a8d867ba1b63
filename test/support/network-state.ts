/**
 * What iproute2, nft and /proc say about a network namespace, without what differs from one to the next that is set up alike.
 *
 * @module
 */
import type { TestNetns } from "./netns.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Numbers, times and clocks that the kernel gives out as it likes. */
const UNSTABLE = new Set([
  ...["ifindex", "link_index", "link_netnsid", "handle", "valid_life_time", "preferred_life_time", "stats", "stats64"],
  ...[
    "gc_timer",
    "hello_timer",
    "tcn_timer",
    "topology_change_timer",
    "hold_timer",
    "forward_delay_timer",
    "message_age_timer",
  ],
  // A link that was up once keeps these when it is down again.
  ...["qdisc", "tso_max_size"],
  ...["metainfo", "used", "probes", "state"],
]);

/** Parameters that our steps touch: of the namespace, and of each link. */
const SYSCTLS = ["ipv4/ip_forward"];
const LINK_SYSCTLS = ["accept_ra", "disable_ipv6"];

/** One line of JSON each, in one shell: starting a process for each would be what takes the time. */
const QUESTIONS = {
  links: "ip -json -details link show",
  addresses: "ip -json address show",
  routes: "ip -json -details route show table all",
  routesSix: "ip -json -6 -details route show table all",
  queues: "tc -json qdisc show invisible",
  arrivals:
    "(printf '['; for link in $(sed -n 's/^ *\\([^:]*\\):.*/\\1/p' /proc/net/dev); do tc -json filter show dev $link ingress; printf ,; done; printf null])",
  ports: "bridge -json -details link show",
  neighbours: "ip -json -4 neighbour show",
  neighboursSix: "ip -json -6 neighbour show",
  nftables: "nft -j list ruleset",
} as const;

/** The whole of it, for comparing. */
export function networkState(netns: TestNetns): Record<string, Json> {
  const script = [
    ...Object.values(QUESTIONS).map((question) => `${question} | tr -d '\\n'; echo`),
    `cd /proc/sys/net; head ${SYSCTLS.join(" ")} ${LINK_SYSCTLS.map((name) => `ipv6/conf/*/${name}`).join(" ")}`,
  ];
  const lines = netns.run("sh", "-c", script.join("\n")).split("\n");
  const answers = Object.keys(QUESTIONS).map((name, at) => [name, stable(JSON.parse(lines[at] || "[]"))]);
  return { ...Object.fromEntries(answers), sysctls: lines.slice(answers.length) };
}

/** Leave out what is unstable, random MACs (ours begin with 02:42), and what IPv6 makes of them. */
function stable(value: unknown): Json {
  if (Array.isArray(value))
    return value.map(stable).filter((item) => !isOfLinkLocal(item) && !isEmpty(item) && !isNoQueue(item));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => !UNSTABLE.has(key))
        .map(([key, item]) => [key, stable(item)]),
    );
  }
  if (typeof value === "string" && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(value) && !value.startsWith("02:42"))
    return "random MAC";
  return value as Json;
}

function isOfLinkLocal(item: Json): boolean {
  return (
    /"(local|dst)":"(fe80|ff00)/.test(JSON.stringify(item)) &&
    !Array.isArray(item) &&
    !JSON.stringify(item).includes("addr_info")
  );
}

/** What the kernel gives a link that comes up, and leaves with it when it goes down. */
function isNoQueue(item: Json): boolean {
  return typeof item === "object" && item !== null && !Array.isArray(item) && item.kind === "noqueue";
}

function isEmpty(item: Json): boolean {
  return typeof item === "object" && item !== null && !Array.isArray(item) && Object.keys(item).length === 0;
}
