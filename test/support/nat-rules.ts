/**
 * What each chain, rule and set of an empty netd is for, in the order in which a student reads them.
 *
 * @module
 */
import type { FirewallFamily } from "../../src/firewall/index.ts";

/** A chain in words. */
export interface ChainWords {
  family: FirewallFamily;
  name: string;
  /** What it decides, and who comes through it. */
  purpose: string;
  /** What each rule is for, in their order. */
  rules: readonly string[];
}

/** The chains: packets in the order in which they meet them, then frames. */
export const CHAIN_WORDS: readonly ChainWords[] = [
  {
    family: "inet",
    name: "raw",
    purpose:
      "Every packet that enters the host, before anything else. Nobody reaches or plays a container by a way around the rules.",
    rules: [
      "a container can't reach what listens on the host's loopback, though `route_localnet` is set for published ports",
      "what else comes from one of our bridges is judged later",
      "nor is the host's own traffic judged here",
      "nobody outside sends with a container's address",
      "the same for IPv6",
      "nobody outside who knows the route reaches a container behind NAT directly; published ports still have the host's address here",
      "the same for IPv6",
    ],
  },
  {
    family: "inet",
    name: "prerouting",
    purpose: "The first packet of each connection that enters the host: does it come for a published port?",
    rules: [
      "127.0.0.0/8 is nobody's address on a wire",
      "only what is sent to an address of the host itself",
      "ports published by interface (`dev=eth0:8080:80`)",
      "the same for IPv6",
      "all other published ports",
    ],
  },
  {
    family: "inet",
    name: "output",
    purpose: "The first packet of each connection that the host itself opens.",
    rules: [
      "the kernel leads nothing from ::1 to a container: refused at once, programs fall back to 127.0.0.1",
      "to one of its own addresses: published ports are there for the host, too",
    ],
  },
  {
    family: "inet",
    name: "publish",
    purpose:
      "Published ports. A packet that is in a map gets a container's address and port, and all others of its connection with it.",
    rules: [
      "one address, one port",
      "all addresses of the host",
      "a range of ports that keep their numbers: one element for all",
      "the same three for IPv6",
      "all addresses",
      "ranges",
    ],
  },
  {
    family: "inet",
    name: "mss",
    purpose: "The opening of TCP connections that the host forwards.",
    rules: ["tell the other end of no larger segments than the way out carries", "the same for the answer"],
  },
  {
    family: "inet",
    name: "forward",
    purpose:
      "Every packet that the host forwards. What neither comes from a bridge of ours nor goes to one is none of our business.",
    rules: ["from a container", "to a container"],
  },
  {
    family: "inet",
    name: "ours",
    purpose: "What is forwarded from or to a container. The first rule that decides ends it.",
    rules: [
      "answers, and errors that belong to a connection: whoever may open one may be answered",
      "how neighbours find each other's MAC over IPv6; with br_netfilter it comes by here",
      "access rules of `netctl acl` come before all that netd decides itself",
      "a container with `--egress none` opens nothing",
      "the same for IPv6",
      "within one network",
      "what connection tracking can't make sense of would leave with a container's address, as NAT does not see it",
      "a container with `--egress internal` does not leave its network",
      "the same for IPv6",
      "nothing leaves an internal network",
      "nothing enters one",
      "one network may open connections to another: `netctl allow`",
      "published ports: what `publish` has led to a container",
      "all else that goes to a container: other networks, and strangers who know the way. What remains goes out",
    ],
  },
  {
    family: "inet",
    name: "acl",
    purpose: "Access rules, in the order of `netctl acl ls`. Empty until there is one.",
    rules: [],
  },
  {
    family: "inet",
    name: "input",
    purpose: "Every packet for the host itself.",
    rules: ["only what comes from a container is ours to judge"],
  },
  {
    family: "inet",
    name: "host",
    purpose: "What containers send to the host. What is not dropped here is still subject to the host's own firewall.",
    rules: [
      "answers",
      "without neighbour discovery there is no IPv6 on the link",
      "access rules that are about addresses of the host",
      "`--egress none`: not even the host",
      "the same for IPv6",
      "`--egress internal`: of the host, the gateway alone",
      "the same for IPv6",
      "an internal network knows of the host its gateway alone",
    ],
  },
  {
    family: "inet",
    name: "own_host",
    purpose: "For those who may reach nothing of the host but the gateway of their network, where the resolver is.",
    rules: ["the gateway", "the same for IPv6", "every other address of the host"],
  },
  {
    family: "inet",
    name: "acl_host",
    purpose: "Access rules that can be about the host. Empty until there is one.",
    rules: [],
  },
  {
    family: "inet",
    name: "postrouting",
    purpose: "The first packet of each connection that leaves: with whose address?",
    rules: [
      "the host talks to itself",
      "a container can't answer 127.0.0.1: the host comes to published ports with the bridge's address",
      "hairpin: a container that comes to a published port of its own network would be answered past the host, and not recognise the answer",
      "the same for IPv6",
      "between the host's own networks everybody keeps his address",
      "what leaves a network with `--nat masquerade` has the address of the link by which it leaves",
      "the same for IPv6",
      "what leaves a network with `--nat snat:ADDRESS` has that address",
      "the same for IPv6",
    ],
  },
  {
    family: "bridge",
    name: "prerouting",
    purpose: "Every frame that enters by a port of a bridge. Here nobody uses another's MAC or address.",
    rules: ["from a container: what else hangs on the bridge is not ours to judge"],
  },
  {
    family: "bridge",
    name: "port",
    purpose: "What a container sends.",
    rules: [
      "by what the frame carries",
      "anything else but IP is not for one with `--egress none`",
      "anything else, with its own MAC",
      "with another's",
    ],
  },
  {
    family: "bridge",
    name: "port4",
    purpose: "IPv4.",
    rules: [
      "the host alone says where routes are",
      "and who has which address: a container is no DHCP server",
      "its own MAC with its own address",
      "anything else",
    ],
  },
  {
    family: "bridge",
    name: "port6",
    purpose: "IPv6, and neighbour discovery, which is ICMPv6 and has addresses inside of the message.",
    rules: [
      "a container is no router",
      "nor a DHCPv6 server",
      "it tells the MAC of none but its own addresses",
      "no fields of neighbour discovery that can hide behind extension headers",
      "the MAC inside of the message is its own, too",
      "its own MAC with its own address, or the link-local one",
      "before it has an address it may ask whether that is free, and join groups",
      "anything else",
    ],
  },
  {
    family: "bridge",
    name: "port_arp",
    purpose: "ARP, which says who has which IPv4 address.",
    rules: [
      "the MAC inside of the message is its own",
      "and so is the address",
      "before it has one, it may ask whether it is free",
      "anything else",
    ],
  },
  {
    family: "bridge",
    name: "forward",
    purpose: "Every frame from one port of a bridge to another.",
    rules: ["containers of a network with `--isolated` can't reach each other"],
  },
  {
    family: "bridge",
    name: "neighbours",
    purpose:
      "Connections between containers on one bridge. `forward` leads here only while there is an access rule or a container with `--egress none`: " +
      "nobody else pays for it. There is no connection tracking for frames, so the opening of a connection is told by its first packet.",
    rules: [
      "ARP: who is where",
      "TCP: all but the opening of a connection",
      "ICMP: all but requests",
      "the same for ICMPv6",
      "later fragments: without the first they are nothing",
      "UDP and SCTP: answers to what was let through",
      "the same for IPv6",
      "access rules",
      "`--egress none`",
      "all else is let through, and remembered for the answer",
    ],
  },
  { family: "bridge", name: "acl", purpose: "Access rules, once more: neighbours do not pass `inet netd`.", rules: [] },
  {
    family: "bridge",
    name: "remember",
    purpose: "What is let through.",
    rules: ["whose answer to expect", "the same for IPv6", "let it through"],
  },
];

/** What sets and maps hold; `N` stands for 4 and 6. */
export const SET_WORDS: Readonly<Record<string, string>> = {
  "inet bridges": "the bridges of our networks",
  "inet internal": "those of internal ones",
  "inet same": "a bridge and itself, where its containers may reach each other",
  "inet allows": "from which bridge to which connections may be opened",
  "inet guardedN": "subnets that nobody outside reaches directly: those behind NAT, and internal ones",
  "inet gatewaysN": "a bridge and its own address",
  "inet hairpinN": "a subnet and its bridge",
  "inet muteN": "a bridge and the address of a container with `--egress none`",
  "inet homeboundN": "the same for `--egress internal`",
  "inet masqueradeN": "subnets that leave with the address of the link",
  "inet snatN": "subnets, and the address that they leave with",
  "inet portsN": "address, protocol and port of the host → address and port of a container",
  "inet any_portsN": "the same without an address: all of them",
  "inet rangesN": "address, protocol and range of ports → address of a container",
  "inet link_portsN": "the same as portsN, behind a link of the host",
  "bridge ports": "host ends of containers' links",
  "bridge isolated": "those in networks with `--isolated`",
  "bridge mute": "those of containers with `--egress none`",
  "bridge macs": "a host end, and the MAC behind it",
  "bridge hostsN": "a host end, and a MAC and address behind it",
  "bridge nd_macs": "the same as macs, as a number: nft has no name for the MAC inside of neighbour discovery",
  "bridge nd_targets": "the same as hosts6, for the address inside of it",
  "bridge answersN": "flows whose answer is let through; the kernel fills it",
};
