/**
 * Writes docs/nat-rules.md from what the generator makes and what we say about it.
 *
 * @module
 */
import {
  buildFirewall,
  buildIptables,
  type FirewallModel,
  type NftTable,
  planDifference,
} from "../../src/firewall/index.ts";
import { CHAIN_WORDS, type ChainWords, SET_WORDS } from "./nat-rules.ts";
import { CLASSICAL_SCENARIO, NAT_SCENARIOS, type NatScenario } from "./nat-scenarios.ts";

const INTRODUCTION = `# The rules of netd, case by case

A test writes this page from what netd gives to the kernel; it fails when one of them changes alone (\`npx vitest run --project unit nat-rules -u\`).

netd has two tables of nftables, both named \`netd\`. \`inet netd\` sees packets: what the host forwards, receives and sends. \`bridge netd\` sees frames
between the ports of a bridge, which \`inet\` does not. Print them with \`nft list table inet netd\` and \`nft list table bridge netd\`.

The rules are the same for one container and for a thousand. They name sets and maps (\`@bridges\`), and a network, a container or a published port is
an element of some. Only access rules add rules. All policies are \`accept\`, and every rule that drops names a bridge or subnet of netd: what is not
netd's passes as if it were not there.`;

const CLASSICAL = `## The same by iptables

\`netd --firewall iptables\` decides the same by chains of iptables, \`netd --firewall iptables-legacy\` by those of the older interface of the kernel
(\`iptables-legacy-save\`). It is chosen at each start, and the rules of another choice go. It needs the programs of iptables 1.8, for both families.

- The built-in chains enter ours by a rule with the comment \`netd\`; what others have there stays, and \`netd --teardown\` takes nothing else away.
- Rules grow with networks, ports, access rules and containers with \`--egress\`. A change writes all chains of a family anew, each table at once.
- Rules about frames stay in the table \`bridge netd\` of nft, with its sets: iptables sees none.
- The table \`filter\` is shared. What \`NETD-BRIDGES\` accepts, rules behind it do not see; what goes out returns to them, and so does what goes to the host.
- The kernel tells of no change to \`iptables-legacy\`: what a stranger removed there is back within 30 s, or at once by \`netctl drift --heal\`.

This is all of IPv4 for the default network, a container that publishes \`0.0.0.0:8080:80\` and one with \`--egress none\`:`;

/** The whole page. */
export function natRulesDoc(): string {
  const { tables } = buildFirewall({ networks: [], endpoints: [], ports: [], allows: [], acls: [] });
  return `${[
    INTRODUCTION,
    "## Packets: `inet netd`",
    "In the order in which a packet meets them.",
    ...chainsOf(tables, "inet"),
    "## Frames: `bridge netd`",
    ...chainsOf(tables, "bridge"),
    "## Sets and maps",
    "`N` is 4 or 6.",
    setsTable(tables),
    "## Cases",
    "What each adds to what was there. In the first that is an empty netd, in all others the network `default`, and `web` in it where the case is about it.",
    ...NAT_SCENARIOS.flatMap(scenarioText),
    CLASSICAL,
    ["```", ...classicalRules(CLASSICAL_SCENARIO), "```"].join("\n"),
  ].join("\n\n")}\n`;
}

function chainsOf(tables: readonly NftTable[], family: string): string[] {
  const words = CHAIN_WORDS.filter((chain) => chain.family === family);
  const chains = tables.find((table) => table.family === family)?.chains ?? [];
  demandEqual(
    words.map(({ name }) => name),
    chains.map(({ name }) => name),
    `chains of ${family}`,
  );
  return words.flatMap((each) =>
    chainText(
      each,
      chains.find(({ name }) => name === each.name),
    ),
  );
}

function chainText({ name, purpose, rules }: ChainWords, chain: NftTable["chains"][number] | undefined): string[] {
  const made = chain?.rules ?? [];
  if (made.length !== rules.length) throw new Error(`chain ${name} has ${made.length} rules, ${rules.length} in words`);
  const hook = /hook (\w+) priority ([\w-]+)/.exec(chain?.hook ?? "");
  const entry = hook === null ? "" : ` (hook ${hook[1]}, priority ${hook[2]})`;
  const rows = made.map((rule, index) => `| \`${rule.replaceAll("|", "\\|")}\` | ${rules[index]} |`);
  return [
    `### \`${name}\`${entry}`,
    purpose,
    ...(rows.length === 0 ? [] : [["| rule | what for |", "|---|---|", ...rows].join("\n")]),
  ];
}

function setsTable(tables: readonly NftTable[]): string {
  const names = tables.flatMap(({ family, sets }) => sets.map(({ name }) => `${family} ${general(name)}`));
  demandEqual(Object.keys(SET_WORDS), [...new Set(names)], "sets");
  const rows = Object.entries(SET_WORDS).map(([name, words]) => `| \`${name.split(" ").join("` | `")}\` | ${words} |`);
  return ["| table | set | holds |", "|---|---|---|", ...rows].join("\n");
}

/** The name of a set for both families. */
function general(name: string): string {
  return name.replace(/[46]$/, "N");
}

function scenarioText({ title, commands, meaning, before, after }: NatScenario): string[] {
  const lines = changesBetween(before, after);
  return [
    `### ${title}`,
    commands.map((command) => `    ${command}`).join("\n"),
    meaning,
    lines.length === 0 ? "Nothing changes." : ["```", ...lines, "```"].join("\n"),
  ];
}

function changesBetween(before: FirewallModel, after: FirewallModel): string[] {
  const [from, to] = [buildFirewall(before), buildFirewall(after)];
  return planDifference({
    tables: { before: from.tables, after: to.tables },
    before: [...from.elements.values()].flat(),
    after: [...to.elements.values()].flat(),
  }).commands;
}

function classicalRules(model: FirewallModel): string[] {
  return buildIptables(model, 4).flatMap(({ table, chains, hooks }) => [
    `*${table}`,
    ...hooks.map(({ from, chain }) => `-I ${from} -m comment --comment netd -j ${chain}`),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`)),
  ]);
}

function demandEqual(words: readonly string[], made: readonly string[], what: string): void {
  const [told, real] = [words.toSorted().join(" "), made.toSorted().join(" ")];
  if (told !== real) throw new Error(`${what}: in words ${told}; made ${real}`);
}
