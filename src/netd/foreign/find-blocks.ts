/**
 * Finds what rules of others do to traffic that our networks live by, and says how their owner allows it.
 *
 * @module
 */

import { DOCKER_USER } from "./docker-user.ts";
import type { ForeignChain, ForeignTable, ProbePacket } from "./foreign-rules.ts";
import { type ChainVerdict, walkBaseChain } from "./walk-chain.ts";

/** What must be known of one of our networks. */
export interface ForeignNetwork {
  name: string;
  bridge: string;
  /** Address of the bridge, and one that a container may have; absent in a family that the network lacks. */
  v4?: { gateway: string; member: string } | undefined;
  v6?: { gateway: string; member: string } | undefined;
  /** It has no way out, and none is looked for. */
  isInternal: boolean;
}

/** Traffic that a network lives by. */
export type Traffic = "out" | "replies" | "published" | "names" | "between";

/** Something of ours that somebody else's rules stop. */
export interface ForeignBlock {
  network: string;
  bridge: string;
  family: 4 | 6;
  traffic: Traffic;
  owner: "docker" | "ufw" | "firewalld" | "libvirt" | "other";
  /** `ip filter FORWARD`, and the program that shows it. */
  place: string;
  tool: ForeignTable["tool"];
  /** The rule, or `policy drop`. */
  reason: string;
  /** A rule on the way could not be decided. */
  isGuess: boolean;
  /** Commands that allow it, for the host's owner to run. */
  remedy: string[];
}

/** What {@link findForeignBlocks} looks at besides the tables. */
export interface FindBlocksOptions {
  networks: readonly ForeignNetwork[];
  /** Link of the default route; without one nothing goes out. */
  uplink?: string | undefined;
  /** Whether bridged packets pass the rules of IP, too (net.bridge.bridge-nf-call-iptables). */
  isBridgeFiltered: boolean;
}

/** Some address of the internet (RFC 5737, RFC 3849). */
const ELSEWHERE = { 4: "203.0.113.80", 6: "2001:db8:113::80" } as const;

/** Send the probes of each network through each table of others; what does not come through is a block. */
export function findForeignBlocks(tables: readonly ForeignTable[], options: FindBlocksOptions): ForeignBlock[] {
  return options.networks.flatMap((network) =>
    tables.flatMap((table) =>
      probesOf(network, options)
        .filter(({ packet }) => isSeenBy(table, packet))
        .flatMap(({ traffic, packet }) =>
          [...table.chains.values()]
            .filter(({ hook }) => hook === packet.hook)
            .flatMap((base) => {
              const verdict = walkBaseChain(table, base, packet);
              return verdict.verdict === "accept"
                ? []
                : [makeBlock({ network, table, base, traffic, packet, verdict })];
            }),
        ),
    ),
  );
}

interface Probe {
  traffic: Traffic;
  packet: ProbePacket;
}

function probesOf(network: ForeignNetwork, { uplink, isBridgeFiltered }: FindBlocksOptions): Probe[] {
  return ([4, 6] as const).flatMap((family): Probe[] => {
    const addresses = family === 4 ? network.v4 : network.v6;
    if (addresses === undefined) return [];
    const { bridge } = network;
    const { gateway, member } = addresses;
    const away = ELSEWHERE[family];
    const packet = { family, protocol: "tcp", port: 80, isDnat: false, state: "new" } as const;
    const outward = { ...packet, hook: "forward", from: bridge, source: member, destination: away } as const;
    const inward = { ...packet, hook: "forward", to: bridge, source: away, destination: member } as const;
    const probes: Probe[] = [
      {
        traffic: "names",
        packet: {
          ...packet,
          hook: "input",
          from: bridge,
          protocol: "udp",
          port: 53,
          source: member,
          destination: gateway,
        },
      },
    ];
    if (uplink !== undefined && !network.isInternal) {
      probes.push(
        { traffic: "out", packet: { ...outward, to: uplink } },
        { traffic: "replies", packet: { ...inward, from: uplink, state: "established" } },
        { traffic: "published", packet: { ...inward, from: uplink, isDnat: true } },
      );
    }
    if (isBridgeFiltered) {
      probes.push({ traffic: "between", packet: { ...outward, to: bridge, destination: member } });
    }
    return probes;
  });
}

function isSeenBy({ family }: ForeignTable, packet: ProbePacket): boolean {
  return family === "inet" || (family === "ip") === (packet.family === 4);
}

interface BlockParts extends Probe {
  network: ForeignNetwork;
  table: ForeignTable;
  base: ForeignChain;
  verdict: ChainVerdict;
}

function makeBlock({ network, table, base, traffic, packet, verdict }: BlockParts): ForeignBlock {
  const { name, bridge } = network;
  const owner = ownerOf(table, traffic);
  const place = `${table.family} ${table.name} ${base.name}`;
  return {
    network: name,
    bridge,
    family: packet.family,
    traffic,
    owner,
    place,
    tool: table.tool,
    reason: verdict.rule ?? "policy drop",
    isGuess: verdict.isGuess,
    remedy: remedyFor(owner, traffic, { bridge, table, base }),
  };
}

/** Whoever left marks in the table; of several, the one whose own commands can allow it. */
function ownerOf({ chains, name }: ForeignTable, traffic: Traffic): ForeignBlock["owner"] {
  if (name === "firewalld") return "firewalld";
  if (chains.has("ufw-user-input")) return "ufw";
  if (chains.has("DOCKER") && traffic !== "names") return "docker";
  return chains.has("LIBVIRT_FWO") ? "libvirt" : "other";
}

interface RemedyPlace {
  bridge: string;
  table: ForeignTable;
  base: ForeignChain;
}

function remedyFor(owner: ForeignBlock["owner"], traffic: Traffic, place: RemedyPlace): string[] {
  const { bridge, table, base } = place;
  if (owner === "firewalld") {
    return [`firewall-cmd --permanent --zone=trusted --add-interface=${bridge}`, "firewall-cmd --reload"];
  }
  if (owner === "ufw") {
    if (traffic === "names") return [`ufw allow in on ${bridge} to any port 53`];
    return traffic === "out" || traffic === "between"
      ? [`ufw route allow in on ${bridge}`]
      : [`ufw route allow out on ${bridge}`];
  }
  if (table.tool === "nft") {
    const match = traffic === "replies" || traffic === "published" ? "oifname" : "iifname";
    const what = traffic === "names" ? " meta l4proto { tcp, udp } th dport 53" : "";
    return [`nft insert rule ${table.family} ${table.name} ${base.name} ${match} ${bridge}${what} accept`];
  }
  const chain = table.chains.has(DOCKER_USER) && base.name === "FORWARD" ? DOCKER_USER : base.name;
  const insert = `${table.tool} -I ${chain}`;
  if (traffic === "names") {
    return ["udp", "tcp"].map((protocol) => `${insert} -i ${bridge} -p ${protocol} --dport 53 -j ACCEPT`);
  }
  return [`${insert} ${traffic === "replies" || traffic === "published" ? "-o" : "-i"} ${bridge} -j ACCEPT`];
}

const TRAFFIC_WORDS: Readonly<Record<Traffic, string>> = {
  out: "connections to the outside",
  replies: "answers from the outside",
  published: "connections to published ports",
  names: "name lookups",
  between: "traffic between its containers",
};

/** Say a block in one sentence, without a full stop. */
export function describeBlock(block: ForeignBlock): string {
  const { network, family, traffic, owner, place, tool, reason, isGuess } = block;
  const who = owner === "other" ? "another firewall" : owner;
  const how = isGuess ? "seems to drop" : "drops";
  return `${who} ${how} ${TRAFFIC_WORDS[traffic]} of network ${network} (IPv${family}): chain '${place}' of ${tool}, ${reason}`;
}
