/**
 * The table that sees frames at the ports of bridges: nobody uses another's address, and neighbours are kept apart where that is wanted.
 *
 * What enters by a port of ours must have the MAC and one of the addresses of the container behind it, in its Ethernet, ARP, IPv4, IPv6 and
 * neighbour discovery headers alike (RFC 826, RFC 4861). Routers and DHCP servers are the host's business, not a container's.
 *
 * @module
 */
import { aclRules, aclSets } from "./acl-rules.ts";
import type { FirewallAcl, FirewallNetwork } from "./model.ts";
import type { NftChain, NftSet, NftTable } from "./nft-tables.ts";

/** Make the table for a policy. `hasMute`: some container may open no connection. */
export function bridgeTable(
  acls: readonly FirewallAcl[],
  { networks, hasMute }: { networks: readonly FirewallNetwork[]; hasMute: boolean },
): NftTable {
  const rules = acls.flatMap((acl) => aclRules(acl, { networks, accept: "goto remember" }));
  return {
    family: "bridge",
    sets: [...SETS, ...acls.flatMap(aclSets)],
    chains: [
      ...PORT_CHAINS,
      { name: "acl", rules },
      ...NEIGHBOUR_CHAINS,
      {
        name: "forward",
        hook: "type filter hook forward priority filter; policy accept;",
        rules: [
          "iifname @isolated oifname @isolated drop",
          // What remembers flows costs something for each frame: nobody pays for it who has no such rule.
          ...(rules.length > 0 || hasMute ? ["iifname @ports oifname @ports goto neighbours"] : []),
        ],
      },
    ],
  };
}

const SETS: readonly NftSet[] = [
  { name: "ports", lines: ["type ifname"] },
  { name: "isolated", lines: ["type ifname"] },
  { name: "mute", lines: ["type ifname"] },
  { name: "macs", lines: ["type ifname . ether_addr"] },
  { name: "hosts4", lines: ["type ifname . ether_addr . ipv4_addr"] },
  { name: "hosts6", lines: ["type ifname . ether_addr . ipv6_addr"] },
  // The same as `macs` and `hosts6`, for fields that nft has no name for: types of raw payload match only themselves.
  { name: "nd_macs", lines: ["typeof iifname . @nh,0,48"] },
  { name: "nd_targets", lines: ["typeof iifname . ether saddr . @nh,0,128"] },
  ...([4, 6] as const).map((family): NftSet => {
    const address = family === 4 ? "ipv4_addr" : "ipv6_addr";
    return {
      name: `answers${family}`,
      isDynamic: true,
      lines: [
        `type ${address} . ${address} . inet_proto . inet_service . inet_service`,
        "size 65535",
        "flags dynamic,timeout",
        "timeout 3m",
      ],
    };
  }),
];

const PORT_CHAINS: readonly NftChain[] = [
  {
    name: "port4",
    rules: ["icmp type redirect drop", "udp sport 67 drop", "iifname . ether saddr . ip saddr @hosts4 accept", "drop"],
  },
  {
    name: "port6",
    rules: [
      "icmpv6 type { nd-router-advert, nd-redirect } drop",
      "udp sport 547 drop",
      // Options of neighbour discovery follow at byte 24 of ICMPv6, or 64 of IPv6 and up: one, and that of the sender's own MAC or a nonce.
      "icmpv6 type nd-neighbor-advert iifname . ether saddr . @th,64,128 != @nd_targets drop",
      "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 length > 32 drop",
      "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } @th,192,8 { 1, 2 } iifname . @th,208,48 != @nd_macs drop",
      "iifname . ether saddr . ip6 saddr @hosts6 accept",
      "ip6 saddr :: icmpv6 type { nd-neighbor-solicit, mld-listener-report, mld2-listener-report } iifname . ether saddr @macs accept",
      "drop",
    ],
  },
  {
    name: "port_arp",
    rules: [
      "iifname . arp saddr ether != @macs drop",
      "iifname . ether saddr . arp saddr ip @hosts4 accept",
      "arp saddr ip 0.0.0.0 iifname . ether saddr @macs accept",
      "drop",
    ],
  },
  {
    name: "port",
    rules: [
      "meta protocol vmap { ip : goto port4, ip6 : goto port6, arp : goto port_arp }",
      "iifname @mute drop",
      "iifname . ether saddr @macs accept",
      "drop",
    ],
  },
  {
    name: "prerouting",
    hook: "type filter hook prerouting priority filter; policy accept;",
    rules: ["iifname @ports goto port"],
  },
];

/**
 * Connections between neighbours, where some are unwanted. The bridge family has no connection tracking that all kernels have: the opening of a
 * TCP connection is a SYN without ACK, that of ICMP a request; for the rest, the flows that were let through are remembered, turned round.
 */
const NEIGHBOUR_CHAINS: readonly NftChain[] = [
  {
    name: "remember",
    rules: [
      "meta l4proto { udp, sctp } update @answers4 { ip daddr . ip saddr . meta l4proto . th dport . th sport }",
      "meta l4proto { udp, sctp } update @answers6 { ip6 daddr . ip6 saddr . meta l4proto . th dport . th sport }",
      "accept",
    ],
  },
  {
    name: "neighbours",
    rules: [
      "meta protocol arp accept",
      "tcp flags & (syn | ack) != syn accept",
      "icmp type != { echo-request, timestamp-request } accept",
      "icmpv6 type != echo-request accept",
      "ip frag-off & 0x1fff != 0 accept",
      "ip saddr . ip daddr . meta l4proto . th sport . th dport @answers4 accept",
      "ip6 saddr . ip6 daddr . meta l4proto . th sport . th dport @answers6 accept",
      "jump acl",
      "iifname @mute drop",
      "goto remember",
    ],
  },
];
