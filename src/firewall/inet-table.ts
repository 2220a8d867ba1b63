/**
 * The table that sees packets: which connections are forwarded, what published ports lead to, and whose address a packet leaves with.
 *
 * Its rules name sets, not containers: their number does not grow. Everything that is not ours passes untouched: all policies are `accept`, and
 * every rule that drops names one of our bridges or subnets.
 *
 * @module
 */
import { aclRules, aclSets } from "./acl-rules.ts";
import type { FirewallAcl, FirewallNetwork } from "./model.ts";
import type { NftChain, NftSet, NftTable } from "./nft-tables.ts";

/** Make the table for a policy. */
export function inetTable(acls: readonly FirewallAcl[], networks: readonly FirewallNetwork[]): NftTable {
  return {
    family: "inet",
    sets: [...SETS, ...acls.flatMap(aclSets)],
    chains: [
      ...filterChains(
        acls.flatMap((acl) => aclRules(acl, { networks, accept: "accept" })),
        // Nobody but the host itself answers on its addresses: no rule about a container can match there.
        acls.flatMap((acl) => aclRules(acl, { networks, accept: "accept", isToHost: true })),
      ),
      ...NAT_CHAINS,
    ],
  };
}

const SETS: readonly NftSet[] = [
  { name: "bridges", lines: ["type ifname"] },
  { name: "internal", lines: ["type ifname"] },
  { name: "same", lines: ["type ifname . ifname"] },
  { name: "allows", lines: ["type ifname . ifname"] },
  ...([4, 6] as const).flatMap((family): NftSet[] => {
    const address = family === 4 ? "ipv4_addr" : "ipv6_addr";
    return [
      { name: `guarded${family}`, lines: [`type ${address}`, "flags interval"] },
      { name: `gateways${family}`, lines: [`type ifname . ${address}`] },
      { name: `hairpin${family}`, lines: [`type ${address} . ifname`, "flags interval"] },
      { name: `mute${family}`, lines: [`type ifname . ${address}`] },
      { name: `homebound${family}`, lines: [`type ifname . ${address}`] },
      { name: `masquerade${family}`, lines: [`type ${address}`, "flags interval"] },
      { name: `snat${family}`, isMap: true, lines: [`type ${address} : ${address}`, "flags interval"] },
      {
        name: `ports${family}`,
        isMap: true,
        lines: [`type ${address} . inet_proto . inet_service : ${address} . inet_service`],
      },
      {
        name: `any_ports${family}`,
        isMap: true,
        lines: [`type inet_proto . inet_service : ${address} . inet_service`],
      },
      {
        name: `ranges${family}`,
        isMap: true,
        lines: [`type ${address} . inet_proto . inet_service : ${address}`, "flags interval"],
      },
      {
        name: `link_ports${family}`,
        isMap: true,
        lines: [`type ifname . ${address} . inet_proto . inet_service : ${address} . inet_service`, "flags interval"],
      },
    ];
  }),
];

function filterChains(aclForward: readonly string[], aclHost: readonly string[]): NftChain[] {
  return [
    {
      name: "raw",
      hook: "type filter hook prerouting priority raw; policy accept;",
      rules: [
        "iifname @bridges ip daddr 127.0.0.0/8 drop",
        "iifname @bridges return",
        'iifname "lo" return',
        "ip saddr @guarded4 drop",
        "ip6 saddr @guarded6 drop",
        "ip daddr @guarded4 drop",
        "ip6 daddr @guarded6 drop",
      ],
    },
    {
      name: "mss",
      hook: "type filter hook forward priority mangle; policy accept;",
      rules: [
        "tcp flags & (syn | rst) == syn iifname @bridges tcp option maxseg size set rt mtu",
        "tcp flags & (syn | rst) == syn oifname @bridges tcp option maxseg size set rt mtu",
      ],
    },
    { name: "acl", rules: aclForward },
    {
      name: "ours",
      rules: [
        "ct state established,related accept",
        // Where br_netfilter is loaded it passes by here from one neighbour to the other, and without it none is answered.
        "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
        "jump acl",
        "iifname . ip saddr @mute4 drop",
        "iifname . ip6 saddr @mute6 drop",
        "iifname . oifname @same accept",
        "ct state invalid drop",
        "iifname . ip saddr @homebound4 drop",
        "iifname . ip6 saddr @homebound6 drop",
        "iifname @internal drop",
        "oifname @internal drop",
        "iifname . oifname @allows accept",
        "ct status dnat accept",
        "oifname @bridges drop",
      ],
    },
    {
      name: "forward",
      hook: "type filter hook forward priority filter; policy accept;",
      rules: ["iifname @bridges goto ours", "oifname @bridges goto ours"],
    },
    { name: "acl_host", rules: aclHost },
    {
      name: "own_host",
      rules: ["iifname . ip daddr @gateways4 return", "iifname . ip6 daddr @gateways6 return", "drop"],
    },
    {
      name: "host",
      rules: [
        "ct state established,related accept",
        "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
        "jump acl_host",
        "iifname . ip saddr @mute4 drop",
        "iifname . ip6 saddr @mute6 drop",
        "iifname . ip saddr @homebound4 goto own_host",
        "iifname . ip6 saddr @homebound6 goto own_host",
        "iifname @internal goto own_host",
      ],
    },
    {
      name: "input",
      hook: "type filter hook input priority filter; policy accept;",
      rules: ["iifname @bridges goto host"],
    },
  ];
}

const NAT_CHAINS: readonly NftChain[] = [
  {
    name: "publish",
    rules: ([4, 6] as const).flatMap((family) => {
      const ip = family === 4 ? "ip" : "ip6";
      return [
        `dnat ${ip} to ${ip} daddr . meta l4proto . th dport map @ports${family}`,
        `dnat ${ip} to meta l4proto . th dport map @any_ports${family}`,
        `dnat ${ip} to ${ip} daddr . meta l4proto . th dport map @ranges${family}`,
      ];
    }),
  },
  {
    name: "prerouting",
    hook: "type nat hook prerouting priority dstnat; policy accept;",
    rules: [
      // A neighbour that addresses a frame for us to 127.0.0.1 must not be led on to what is published there.
      "ip daddr 127.0.0.0/8 return",
      "fib daddr type != local return",
      "meta l4proto { tcp, udp, sctp } dnat ip to iifname . ip daddr . meta l4proto . th dport map @link_ports4",
      "meta l4proto { tcp, udp, sctp } dnat ip6 to iifname . ip6 daddr . meta l4proto . th dport map @link_ports6",
      "jump publish",
    ],
  },
  {
    name: "output",
    hook: "type nat hook output priority -100; policy accept;",
    rules: [
      // The kernel leads nothing from there to another namespace: refused at once, programs fall back to 127.0.0.1.
      "ip6 daddr ::1 return",
      "fib daddr type local jump publish",
    ],
  },
  {
    name: "postrouting",
    hook: "type nat hook postrouting priority srcnat; policy accept;",
    rules: [
      'oifname "lo" return',
      "oifname @bridges ip saddr 127.0.0.0/8 masquerade",
      // Not by the interface it came from: a frame that br_netfilter passes on inside of the bridge has none here.
      "ct status dnat ip saddr . oifname @hairpin4 masquerade",
      "ct status dnat ip6 saddr . oifname @hairpin6 masquerade",
      "oifname @bridges return",
      "ip saddr @masquerade4 masquerade",
      "ip6 saddr @masquerade6 masquerade",
      "snat ip to ip saddr map @snat4",
      "snat ip6 to ip6 saddr map @snat6",
    ],
  },
];
