/**
 * One or more examples of every step, for golden tests and for comparing steps with their shell text.
 *
 * @module
 */
import type { NetworkStep } from "../../src/kernel/index.ts";

/** The namespace that stands for the host in the examples. */
export const HOST = "netdtest-host";
/** The namespace that stands for a container in the examples. */
export const GUEST = "netdtest-guest";

/** A plan with a name. */
export interface StepCase {
  name: string;
  /** What must be there before. */
  given?: readonly NetworkStep[];
  steps: readonly NetworkStep[];
}

const BRIDGE: NetworkStep = { op: "link.addBridge", netns: HOST, name: "br0", mac: "02:42:ac:10:00:01" };
const VETH: NetworkStep = {
  op: "link.addVeth",
  netns: HOST,
  host: "ve1",
  peer: "eth0",
  peerNetns: GUEST,
  peerMac: "02:42:ac:10:00:02",
};
/** What docker leaves to the host's owner. */
const DOCKER_USER: NetworkStep = {
  op: "nft.replaceTable",
  netns: HOST,
  family: "ip",
  name: "filter",
  body: `chain DOCKER-USER {
	counter return
}
chain FORWARD {
	type filter hook forward priority filter; policy drop;
	counter jump DOCKER-USER
}`,
};
const DOCKER_ACCEPT: NetworkStep = {
  op: "iptables.setChain",
  netns: HOST,
  tool: "iptables-nft",
  chain: "NETD-0a1b2c3d",
  rules: ["-o br0 -j ACCEPT", "-o docker+ -j RETURN", "-i br0 -j ACCEPT"],
  from: "DOCKER-USER",
  comment: "netd:0a1b2c3d",
};
const OWN_CHAINS: NetworkStep = {
  op: "iptables.apply",
  netns: HOST,
  tool: "iptables-nft",
  parts: [
    {
      table: "filter",
      chains: [
        { name: "NETD-FORWARD", rules: ["-i br0 -g NETD-BRIDGES"] },
        { name: "NETD-BRIDGES", rules: ["-i br0 -o br0 -j ACCEPT", "-o br0 -j DROP"] },
      ],
      hooks: [{ from: "FORWARD", chain: "NETD-FORWARD" }],
    },
  ],
  comment: "netd",
};
const GUEST_ADDRESS: NetworkStep = { op: "address.add", netns: GUEST, link: "eth0", address: "172.16.0.2/24" };
const GUEST_UP: NetworkStep = { op: "link.set", netns: GUEST, name: "eth0", up: true };
const TABLE: NetworkStep = {
  op: "nft.replaceTable",
  netns: HOST,
  family: "inet",
  name: "netd",
  body: 'chain forward {\n\ttype filter hook forward priority filter; policy accept;\n\tiifname "br0" accept\n}',
};

/** Steps on the network, which `ip` and `nft` can look at. */
export const NETWORK_CASES: readonly StepCase[] = [
  { name: "link.addBridge", steps: [BRIDGE] },
  {
    name: "link.addBridge-with-everything",
    steps: [{ ...BRIDGE, op: "link.addBridge", alias: "netd:it's mine", mtu: 1400, up: true }],
  },
  { name: "link.addVeth", steps: [VETH] },
  {
    name: "link.addVeth-with-everything",
    given: [BRIDGE],
    steps: [{ ...VETH, op: "link.addVeth", hostAlias: "netd:c1", bridge: "br0", mtu: 1400, up: true }],
  },
  { name: "link.addVeth-in-one-namespace", steps: [{ op: "link.addVeth", netns: HOST, host: "va", peer: "vb" }] },
  { name: "link.delete", given: [BRIDGE], steps: [{ op: "link.delete", netns: HOST, name: "br0" }] },
  { name: "link.set-lo-up", steps: [{ op: "link.set", netns: GUEST, name: "lo", up: true }] },
  { name: "link.set-up", given: [VETH], steps: [GUEST_UP] },
  {
    name: "link.set-down",
    given: [VETH, GUEST_UP],
    steps: [{ op: "link.set", netns: GUEST, name: "eth0", up: false }],
  },
  {
    name: "link.set-everything",
    given: [BRIDGE, VETH],
    steps: [
      {
        op: "link.set",
        netns: HOST,
        name: "ve1",
        up: true,
        mtu: 1280,
        master: "br0",
        alias: "two words",
        mac: "02:42:ac:10:00:03",
      },
    ],
  },
  {
    name: "link.set-no-master",
    given: [BRIDGE, { ...VETH, op: "link.addVeth", bridge: "br0" }],
    steps: [{ op: "link.set", netns: HOST, name: "ve1", master: null }],
  },
  {
    name: "link.addMacvlan",
    given: [BRIDGE],
    steps: [
      {
        ...{ op: "link.addMacvlan", netns: HOST, parent: "br0", name: "eth0", peerNetns: GUEST },
        ...{ mac: "02:42:ac:10:00:05", mode: "private", mtu: 1400 },
      },
    ],
  },
  {
    name: "link.addMacvlan-beside-a-parent-of-its-name",
    given: [{ ...BRIDGE, op: "link.addBridge", name: "eth0" }],
    steps: [
      {
        ...{ op: "link.addMacvlan", netns: HOST, parent: "eth0", name: "eth0", peerNetns: GUEST },
        ...{ mac: "02:42:ac:10:00:05", mode: "bridge" },
      },
      { op: "link.set", netns: GUEST, name: "eth0", up: true },
    ],
  },
  {
    name: "link.addIfb",
    steps: [{ op: "link.addIfb", netns: HOST, name: "if1", alias: "netd:c1", mtu: 1400, up: true }],
  },
  {
    name: "port.set",
    given: [BRIDGE, { ...VETH, op: "link.addVeth", bridge: "br0" }],
    steps: [
      { op: "port.set", netns: HOST, name: "ve1", isolated: true, hairpin: true, learning: false },
      { op: "port.set", netns: HOST, name: "ve1", hairpin: false, flood: false },
    ],
  },
  { name: "rate.set", given: [VETH], steps: [{ op: "rate.set", netns: HOST, link: "ve1", bitsPerSecond: 10_000_000 }] },
  {
    name: "rate.set-again",
    given: [VETH, { op: "rate.set", netns: HOST, link: "ve1", bitsPerSecond: 64_000 }],
    steps: [{ op: "rate.set", netns: HOST, link: "ve1", bitsPerSecond: 100_000_000_000 }],
  },
  {
    name: "rate.delete",
    given: [VETH, { op: "rate.set", netns: HOST, link: "ve1", bitsPerSecond: 10_000_000 }],
    steps: [{ op: "rate.delete", netns: HOST, link: "ve1" }],
  },
  {
    name: "ingress.redirect",
    given: [VETH, { op: "link.addIfb", netns: HOST, name: "if1", up: true }],
    steps: [{ op: "ingress.redirect", netns: HOST, link: "ve1", to: "if1" }],
  },
  {
    name: "ingress.delete",
    given: [
      VETH,
      { op: "link.addIfb", netns: HOST, name: "if1", up: true },
      { op: "ingress.redirect", netns: HOST, link: "ve1", to: "if1" },
    ],
    steps: [{ op: "ingress.delete", netns: HOST, link: "ve1" }],
  },
  { name: "address.add", given: [VETH], steps: [GUEST_ADDRESS] },
  {
    name: "address.add-host",
    given: [VETH],
    steps: [{ ...GUEST_ADDRESS, op: "address.add", address: "172.16.0.2/32" }],
  },
  {
    name: "address.add-inet6",
    given: [VETH],
    steps: [{ op: "address.add", netns: GUEST, link: "eth0", address: "2001:db8::2/64", nodad: true }],
  },
  {
    name: "address.delete",
    given: [VETH, GUEST_ADDRESS],
    steps: [{ op: "address.delete", netns: GUEST, link: "eth0", address: "172.16.0.2/24" }],
  },
  {
    name: "route.add-default",
    given: [VETH, GUEST_ADDRESS, GUEST_UP],
    steps: [{ op: "route.add", netns: GUEST, to: "default", via: "172.16.0.1", dev: "eth0" }],
  },
  {
    name: "route.add-by-link",
    given: [VETH, GUEST_UP],
    steps: [{ op: "route.add", netns: GUEST, to: "198.51.100.0/24", dev: "eth0" }],
  },
  {
    name: "route.add-inet6",
    given: [VETH, GUEST_UP, { op: "address.add", netns: GUEST, link: "eth0", address: "2001:db8::2/64", nodad: true }],
    steps: [
      { op: "route.add", netns: GUEST, to: "default", via: "2001:db8::1", dev: "eth0" },
      { op: "route.add", netns: GUEST, to: "2001:db8:1::/48", dev: "eth0" },
    ],
  },
  {
    name: "route.delete",
    given: [
      VETH,
      GUEST_ADDRESS,
      GUEST_UP,
      { op: "route.add", netns: GUEST, to: "default", via: "172.16.0.1", dev: "eth0" },
    ],
    steps: [{ op: "route.delete", netns: GUEST, to: "default", via: "172.16.0.1" }],
  },
  {
    name: "route.add-metric",
    given: [VETH, GUEST_ADDRESS, GUEST_UP],
    steps: [
      { op: "route.add", netns: GUEST, to: "default", via: "172.16.0.1", metric: 100 },
      { op: "route.add", netns: GUEST, to: "default", via: "172.16.0.3", metric: 50 },
    ],
  },
  {
    name: "route.replace",
    given: [
      VETH,
      GUEST_ADDRESS,
      GUEST_UP,
      { op: "route.add", netns: GUEST, to: "default", via: "172.16.0.1", dev: "eth0" },
    ],
    steps: [
      { op: "route.replace", netns: GUEST, to: "default", via: "172.16.0.3", dev: "eth0" },
      { op: "route.replace", netns: GUEST, to: "198.51.100.0/24", via: "172.16.0.4" },
    ],
  },
  {
    name: "route.replace-inet6",
    given: [
      VETH,
      GUEST_UP,
      { op: "address.add", netns: GUEST, link: "eth0", address: "2001:db8::2/64", nodad: true },
      { op: "route.add", netns: GUEST, to: "default", via: "2001:db8::1", dev: "eth0" },
    ],
    steps: [
      { op: "route.replace", netns: GUEST, to: "default", via: "2001:db8::3", dev: "eth0" },
      { op: "route.replace", netns: GUEST, to: "2001:db8:1::/48", via: "2001:db8::4", dev: "eth0", metric: 7 },
    ],
  },
  {
    name: "route.delete-metric",
    given: [
      VETH,
      GUEST_ADDRESS,
      GUEST_UP,
      { op: "route.add", netns: GUEST, to: "default", via: "172.16.0.1", metric: 100 },
      { op: "route.add", netns: GUEST, to: "default", via: "172.16.0.1", metric: 50 },
    ],
    steps: [{ op: "route.delete", netns: GUEST, to: "default", via: "172.16.0.1", metric: 100 }],
  },
  { name: "sysctl.set", steps: [{ op: "sysctl.set", netns: HOST, key: "net.ipv4.ip_forward", value: "1" }] },
  {
    name: "sysctl.set-if-present",
    given: [{ ...BRIDGE, op: "link.addBridge", name: "br0.1" }],
    steps: [
      { op: "sysctl.set", netns: HOST, key: "net/ipv6/conf/br0.1/disable_ipv6", value: "1", ifPresent: true },
      { op: "sysctl.set", netns: HOST, key: "net.netd.is_not_there", value: "1", ifPresent: true },
    ],
  },
  { name: "nft.replaceTable", steps: [TABLE] },
  {
    name: "nft.replaceTable-that-exists",
    given: [TABLE],
    steps: [
      { ...TABLE, op: "nft.replaceTable", body: "set ports {\n\ttype inet_service\n\telements = { 80, 443 }\n}\n" },
    ],
  },
  {
    name: "nft.deleteTable",
    given: [TABLE],
    steps: [{ op: "nft.deleteTable", netns: HOST, family: "inet", name: "netd" }],
  },
  { name: "iptables.apply", given: [DOCKER_USER], steps: [OWN_CHAINS] },
  {
    name: "iptables.remove",
    given: [DOCKER_USER, OWN_CHAINS],
    steps: [{ ...OWN_CHAINS, op: "iptables.remove" }],
  },
  { name: "iptables.setChain", given: [DOCKER_USER], steps: [DOCKER_ACCEPT] },
  {
    name: "iptables.deleteChain",
    given: [DOCKER_USER, DOCKER_ACCEPT],
    steps: [
      {
        op: "iptables.deleteChain",
        netns: HOST,
        tool: "iptables-nft",
        chain: "NETD-0a1b2c3d",
        from: "DOCKER-USER",
        comment: "netd:0a1b2c3d",
      },
    ],
  },
  {
    name: "nft.apply",
    given: [
      { ...TABLE, op: "nft.replaceTable", body: "set ports {\n\ttype inet_service\n\telements = { 80, 443 }\n}\n" },
    ],
    steps: [
      {
        op: "nft.apply",
        netns: HOST,
        commands: ["delete element inet netd ports { 80 }", "add element inet netd ports { 8080, 8443 }"],
        undo: ["delete element inet netd ports { 8080, 8443 }", "add element inet netd ports { 80 }"],
      },
    ],
  },
  {
    name: "arp.announce",
    given: [
      VETH,
      // The host notes in its neighbour table what it hears.
      { op: "sysctl.set", netns: HOST, key: "net/ipv4/conf/ve1/arp_accept", value: "1" },
      { op: "address.add", netns: HOST, link: "ve1", address: "172.16.0.1/24" },
      { op: "link.set", netns: HOST, name: "ve1", up: true },
      GUEST_ADDRESS,
      GUEST_UP,
    ],
    steps: [
      {
        op: "arp.announce",
        netns: GUEST,
        link: "eth0",
        address: "172.16.0.2",
        mac: "02:42:ac:10:00:02",
        port: "ve1",
        portNetns: HOST,
      },
    ],
  },
  {
    name: "na.announce",
    given: [
      VETH,
      // The host notes in its neighbour table what it hears.
      { op: "sysctl.set", netns: HOST, key: "net/ipv6/conf/ve1/accept_untracked_na", value: "1" },
      { op: "sysctl.set", netns: HOST, key: "net/ipv6/conf/ve1/forwarding", value: "1" },
      { op: "address.add", netns: HOST, link: "ve1", address: "2001:db8::1/64", nodad: true },
      { op: "link.set", netns: HOST, name: "ve1", up: true },
      { op: "address.add", netns: GUEST, link: "eth0", address: "2001:db8::2/64", nodad: true },
      GUEST_UP,
    ],
    steps: [
      {
        op: "na.announce",
        netns: GUEST,
        link: "eth0",
        address: "2001:db8::2",
        mac: "02:42:ac:10:00:02",
        port: "ve1",
        portNetns: HOST,
      },
    ],
  },
];
