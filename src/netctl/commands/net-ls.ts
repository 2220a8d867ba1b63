/** `netctl net ls` and `netctl net inspect`. @module */
import type { Command } from "commander";
import type { NetworkInfo } from "../../api/index.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { type FilterTest, hasLabel, matchesFilters, parseFilters } from "../filters.ts";
import { checkJsonFormat, printCommands, printJson } from "../output.ts";
import { formatTable } from "../table.ts";
import { forEachTarget } from "../targets.ts";

interface ListOptions extends CommonOptions {
  quiet?: boolean;
  filter?: string[];
  format?: string;
}

/** A network, and whether no container has it. */
interface ListedNetwork extends NetworkInfo {
  isDangling: boolean;
}

const HEADINGS = ["NETWORK ID", "NAME", "KIND", "BRIDGE", "SUBNET", "SUBNET6", "MTU", "USED"];
const BY_HAND = [
  "ip -brief link show type bridge",
  "ip -4 -brief address show type bridge",
  "ip -6 -brief address show type bridge",
];

/** Docker's filters; the one network that is always there is docker's `builtin`. */
const FILTERS: Record<string, FilterTest<ListedNetwork>> = {
  name: ({ name }, value) => name.includes(value),
  id: ({ id }, value) => id.startsWith(value),
  driver: ({ kind }, value) => kind === value,
  label: ({ labels }, value) => hasLabel(labels, value),
  type: ({ name }, value) => (name === "default" ? "builtin" : "custom") === value,
  scope: (_, value) => value === "local",
  dangling: ({ isDangling }, value) => isDangling === (value === "true" || value === "1"),
};

/** Define `net ls`. */
export function defineNetList(command: Command, context: NetctlContext): void {
  command
    .option("-q, --quiet", "only ids")
    .option("-f, --filter <key=value>", `only those of a ${Object.keys(FILTERS).join(", ")}`, collect)
    .option("--format <format>", "json: one document a line")
    .option("--no-trunc", "ids are whole anyway");
  addCommonOptions(command);
  addExamples(command, "netctl net ls", "netctl net ls --filter label=lab", "netctl net ls -q --filter dangling=true");
  command.action(async (options: ListOptions) => {
    checkJsonFormat(options.format);
    const filters = parseFilters(options.filter ?? [], Object.keys(FILTERS));
    if (options.show) return printCommands(BY_HAND, options, context);
    const client = clientOf(options, context);
    const all = await client.networks();
    const used = filters.has("dangling") ? await usedNetworks(client) : new Set();
    const networks = all.filter((network) =>
      matchesFilters({ ...network, isDangling: !used.has(network.name) }, filters, FILTERS),
    );
    if (options.json) return printJson(networks, context);
    const printLines = (lineOf: (network: NetworkInfo) => string): unknown =>
      context.stdout.write(networks.map((network) => `${lineOf(network)}\n`).join(""));
    if (options.quiet) printLines(({ id }) => id);
    else if (options.format !== undefined) printLines((network) => JSON.stringify(network));
    else context.stdout.write(formatTable(HEADINGS, networks.map(toRow)));
  });
}

/** Define `net inspect`. */
export function defineNetInspect(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<network...>"));
  addExamples(command, "netctl net inspect default", "netctl net inspect --show lab    where to look by hand");
  command.action(async (names: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    const networks = await forEachTarget(names, context, (name) => client.network(name));
    if (!options.show) return printJson(networks, context);
    const commands = networks.flatMap(({ bridge }) => [
      `ip -details link show dev ${bridge}`,
      `ip address show dev ${bridge}`,
      `ip link show master ${bridge}`,
      "nft list table inet netd",
    ]);
    printCommands(commands, options, context);
  });
}

async function usedNetworks(client: ReturnType<typeof clientOf>): Promise<Set<string>> {
  const containers = await client.listContainers(true);
  return new Set(
    containers.flatMap(({ endpoint, endpoints = endpoint === undefined ? [] : [endpoint] }) =>
      endpoints.map(({ network }) => network),
    ),
  );
}

function toRow({ id, name, kind, bridge, subnet, subnet6, mtu, addresses, addresses6 }: NetworkInfo): string[] {
  const { used, total } = subnet === undefined && addresses6 !== undefined ? addresses6 : addresses;
  const of = total > Number.MAX_SAFE_INTEGER ? total.toPrecision(3) : String(total);
  return [id, name, kind, bridge, subnet ?? "-", subnet6 ?? "-", String(mtu), `${used}/${of}`];
}
