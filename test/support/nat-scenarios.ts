/**
 * The cases of docs/nat-rules.md: what somebody types, and what it leads from and to.
 *
 * @module
 */
import type { FirewallModel } from "../../src/firewall/index.ts";
import { testEndpoint, testNetwork, testPort } from "./firewall-model.ts";

/** One case. */
export interface NatScenario {
  title: string;
  commands: readonly string[];
  meaning: string;
  before: FirewallModel;
  after: FirewallModel;
}

const NOTHING: FirewallModel = { networks: [], endpoints: [], ports: [], allows: [], acls: [] };
const ONLY_IPV4 = { subnet6: undefined, gateway6: undefined };
const HOME = testNetwork("default", 0, { ...ONLY_IPV4, bridge: "br0" });
const LAB = testNetwork("lab", 1, { ...ONLY_IPV4, bridge: "br-2f6e1c0a9b" });
const WEB = testEndpoint("web", HOME, 2, { hostInterface: "ve1b3c5d7e9f", address6: undefined });
const SIX = testNetwork("six", 2, { bridge: "br-9a8b7c6d5e" });
const WEB6 = testEndpoint("web6", SIX, 2, { hostInterface: "ve5a4b3c2d1e" });

const ALONE: FirewallModel = { ...NOTHING, networks: [HOME] };
const RUNNING: FirewallModel = { ...ALONE, endpoints: [WEB] };
const TWO: FirewallModel = { ...RUNNING, networks: [HOME, LAB] };

function published(text: string): FirewallModel {
  return { ...RUNNING, ports: [testPort(WEB, text)] };
}

function created(change: Partial<typeof LAB>): FirewallModel {
  return { ...ALONE, networks: [HOME, { ...LAB, ...change }] };
}

/** What is shown in the words of iptables. */
export const CLASSICAL_SCENARIO: FirewallModel = {
  ...published("0.0.0.0:8080:80"),
  endpoints: [WEB, { ...testEndpoint("quiet", HOME, 3, { address6: undefined }), egress: "none" }],
};

/** The cases, each in the world of one before it. */
export const NAT_SCENARIOS: readonly NatScenario[] = [
  {
    title: "The default network alone",
    commands: ["netd"],
    meaning:
      "The bridge is in the sets, the rules stay as they are. Its containers reach each other (`same`) and the world with the host's address " +
      "(`masquerade4`); nobody outside reaches them (`guarded4`).",
    before: NOTHING,
    after: ALONE,
  },
  {
    title: "A container, and nobody else behind its port",
    commands: ["netctl run -d --name web busybox httpd -f"],
    meaning:
      "Anti-spoofing: behind this port of the bridge is this MAC with this IPv4 address, and nobody else. This is all that a container adds, and it " +
      "is in force before its port is up.",
    before: ALONE,
    after: RUNNING,
  },
  {
    title: "A port for this host only",
    commands: ["netctl publish web 8080:80"],
    meaning:
      "Who connects to 127.0.0.1:8080 on the host speaks with port 80 of the container. Nobody else can: 127.0.0.1 is not reached over a wire. " +
      "The kernel lets such packets leave by a bridge only with `net.ipv4.conf.br0.route_localnet=1`, which netd sets while such a port is there.",
    before: RUNNING,
    after: published("8080:80"),
  },
  {
    title: "A port for the world",
    commands: ["netctl publish web 0.0.0.0:8080:80"],
    meaning:
      "All IPv4 addresses of the host, for whoever reaches one. The container sees the client's own address. From the host's 127.0.0.1 it works, too.",
    before: RUNNING,
    after: published("0.0.0.0:8080:80"),
  },
  {
    title: "A port at one address",
    commands: ["netctl publish web 192.0.2.2:53:53/udp"],
    meaning: "Only what is sent to that address of the host.",
    before: RUNNING,
    after: published("192.0.2.2:53:53/udp"),
  },
  {
    title: "A thousand ports",
    commands: ["netctl publish web 0.0.0.0:5000-5999:5000-5999/udp"],
    meaning:
      "One element. A range that changes its numbers (`6000-6999:5000-5999`) has one for each port, as a map can't add.",
    before: RUNNING,
    after: published("0.0.0.0:5000-5999:5000-5999/udp"),
  },
  {
    title: "A port at an interface",
    commands: ["netctl publish web dev=eth0:8080:80"],
    meaning: "Only what enters the host by eth0, whatever address of the host it is sent to. Not from the host itself.",
    before: RUNNING,
    after: published("dev=eth0:8080:80"),
  },
  {
    title: "Hairpin",
    commands: ["netctl publish web 0.0.0.0:8080:80", "netctl run --rm busybox wget -qO- 192.0.2.2:8080"],
    meaning:
      "A container reaches the port of its neighbour, or its own, at the host's address. No rule is added: `hairpin4` has the network from its start, and " +
      "what comes from its subnet and goes back by its bridge as a published port gets the bridge's address, so that the answer takes the same way.",
    before: published("0.0.0.0:8080:80"),
    after: published("0.0.0.0:8080:80"),
  },
  {
    title: "Two networks",
    commands: ["netctl net create lab"],
    meaning:
      "They are apart: a packet from one bridge to another finds nothing that accepts it, and ends at the last rule of `ours`.",
    before: RUNNING,
    after: TWO,
  },
  {
    title: "One network may reach another",
    commands: ["netctl allow default lab"],
    meaning:
      "Containers of `default` may open connections to those of `lab`, with their own addresses, and are answered. Not the other way round.",
    before: TWO,
    after: { ...TWO, allows: [{ from: "default", to: "lab" }] },
  },
  {
    title: "An internal network",
    commands: ["netctl net create lab --internal"],
    meaning:
      "Nothing crosses the border of the bridge, in either direction; of the host only the gateway answers, for names. No NAT, no hairpin.",
    before: ALONE,
    after: created({ isInternal: true }),
  },
  {
    title: "An isolated network",
    commands: ["netctl net create lab --isolated", "netctl run -d --name alone --network lab busybox sleep 1d"],
    meaning:
      "Its bridge is not in `same`, and its ports are in `isolated`: its containers reach the world and the host, but not each other. " +
      "The port of the bridge has the flag `isolated` as well.",
    before: ALONE,
    after: {
      ...created({ isIsolated: true }),
      endpoints: [testEndpoint("alone", LAB, 2, { hostInterface: "ve0f1e2d3c4b", address6: undefined })],
    },
  },
  {
    title: "A container that opens nothing",
    commands: ["netctl run -d --name web --egress none busybox httpd -f"],
    meaning:
      "It answers, and opens no connection: not outward, not to the host, not to its neighbours. While there is such a container, frames between " +
      "neighbours are looked at.",
    before: ALONE,
    after: { ...ALONE, endpoints: [{ ...WEB, egress: "none" }] },
  },
  {
    title: "A container that stays in its network",
    commands: ["netctl run -d --name web --egress internal busybox httpd -f"],
    meaning: "It opens connections to its neighbours and the gateway. Ports that it publishes are reached.",
    before: ALONE,
    after: { ...ALONE, endpoints: [{ ...WEB, egress: "internal" }] },
  },
  {
    title: "A network without NAT",
    commands: ["netctl net create lab --nat off"],
    meaning:
      "Its containers leave with their own addresses, so routers outside must know the way back. It is not in `guarded4`, but `ours` still drops " +
      "what nobody published or allowed.",
    before: ALONE,
    after: created({ nat: "off" }),
  },
  {
    title: "A network with an address of its own outside",
    commands: ["netctl net create lab --nat snat:192.0.2.7"],
    meaning: "What leaves it has this address of the host, by whatever link it leaves.",
    before: ALONE,
    after: created({ nat: "snat:192.0.2.7" }),
  },
  {
    title: "IPv6",
    commands: [
      "netctl net create six --ipv6",
      "netctl run -d --name web6 --network six -p [::]:8080:80 busybox httpd -f",
    ],
    meaning:
      "The same sets once more, with a 6 at the end. In neighbour discovery, the container answers for its address and its link-local one with its " +
      "own MAC only. `nd_macs` and `nd_targets` are numbers, as nft compares those fields as raw bytes.",
    before: ALONE,
    after: { ...ALONE, networks: [HOME, SIX], endpoints: [WEB6], ports: [testPort(WEB6, "[::]:8080:80")] },
  },
  {
    title: "An access rule",
    commands: ["netctl acl add web-only deny container:web cidr:192.0.2.0/24 --protocol tcp --port 25,587"],
    meaning:
      "A rule in `acl`, and sets of whom it is about. Rules about addresses outside are also in `acl_host`, as the host may have one of them, and in " +
      "the bridge's `acl` for neighbours. The first access rule that matches decides, before all that netd decides itself.",
    before: RUNNING,
    after: {
      ...RUNNING,
      acls: [
        {
          name: "web-only",
          action: "deny",
          from: "container:web",
          to: "cidr:192.0.2.0/24",
          protocol: "tcp",
          ports: ["25", "587"],
        },
      ],
    },
  },
];
