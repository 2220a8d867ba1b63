/** `netctl net create`. @module */
import type { Command } from "commander";
import { createNetwork, type NetworkSpec } from "../../api/index.ts";
import { carryOut } from "../carry-out.ts";
import { checkName } from "../check-name.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { addRefusedFlags, parseDriverOptions, parseKind } from "../net-driver-options.ts";
import { addNetworkOptions, type NetworkOptions, toNetworkChange } from "../network-options.ts";
import { printJson } from "../output.ts";
import { addSwitch } from "../switch-option.ts";
import { UsageError } from "../usage-error.ts";

/** Options as commander parses them. */
export interface NetCreateOptions extends CommonOptions, NetworkOptions {
  kind?: "bridge" | "macvlan";
  driver?: "bridge" | "macvlan";
  opt?: string[];
  subnet?: string[];
  subnet6?: string;
  ipv4?: boolean;
  ipv6?: boolean;
  gateway?: string[];
  ipRange?: string[];
  auxAddress?: string[];
  bridge?: string;
  parent?: string;
  macvlanMode?: NonNullable<NetworkSpec["macvlanMode"]>;
  macPrefix?: string;
  adopt?: boolean;
}

/** Define `net create`. */
export function defineNetCreate(command: Command, context: NetctlContext): void {
  command
    .argument("<name>")
    .option("-d, --driver <kind>", "the same as --kind", parseKind)
    .option("--kind <kind>", "bridge or macvlan (default: bridge)", parseKind)
    .option("--subnet <cidr>", "its subnet; one of each family at most (default: a free one is picked)", collect)
    .option("--subnet6 <cidr>", "its IPv6 subnet; auto: one of the host's own range");
  addSwitch(command, "--ipv6", "have IPv6, too: the same as --subnet6 auto where there is no IPv6 subnet");
  addSwitch(command, "--ipv4", "have IPv4; --ipv4=false: IPv6 only (default: true)");
  command
    .option("--gateway <address>", "the bridge's own address; one of each family at most (default: the first)", collect)
    .option("--ip-range <cidr>", "the same as --range", collect)
    .option("--aux-address <name=address>", "the same as --exclude", collect)
    .option("--bridge <link>", "name of its bridge (default: br- and its id)")
    .option("--adopt", "take over a bridge of that name that somebody else made")
    .option("--parent <link>", "the link of the host that a macvlan network lies on")
    .option("--macvlan-mode <mode>", "bridge, vepa, private or passthru (default: bridge)", parseMacvlanMode)
    .option("--mac-prefix <bytes>", "first bytes of its MACs (default: 02:42)")
    .option("-o, --opt <name=value>", "an option of docker's drivers, such as parent=eth0", collect);
  addCommonOptions(addRefusedFlags(addNetworkOptions(command)));
  addExamples(
    command,
    "netctl net create lab",
    "netctl net create lab --subnet 10.20.0.0/24 --range 10.20.0.100-10.20.0.199 --ipv6",
    "netctl net create vault --internal",
    "netctl net create lan --kind macvlan --parent eth0 --subnet 192.0.2.0/24 --gateway 192.0.2.1",
    "netctl run -d --name web --network lab busybox httpd -f",
  );
  command.action(async (name: string, options: NetCreateOptions) => {
    checkName("network", name);
    const client = clientOf(options, context);
    const network = await carryOut(client, createNetwork(toNetworkSpec(name, options)), options, context);
    if (network === undefined) return;
    if (options.json) printJson(network, context);
    else context.stdout.write(`${network.id}\n`);
  });
}

/** Make the specification that netd gets. @throws {UsageError} when options contradict each other */
export function toNetworkSpec(name: string, options: NetCreateOptions): NetworkSpec {
  const { kind = options.driver, bridge, parent, macvlanMode, macPrefix, adopt, ipRange, auxAddress } = options;
  const { ipv6: isDualByDriver, ...byDriver } = parseDriverOptions(options.opt ?? []);
  const { mtu, ...change } = toNetworkChange({
    ...options,
    ...joined("range", options.range, ipRange),
    ...joined(
      "exclude",
      options.exclude,
      auxAddress?.map((text) => text.slice(text.indexOf("=") + 1)),
    ),
  });
  const [subnet, otherSubnet] = byFamily("--subnet", options.subnet);
  const [gateway, gateway6] = byFamily("--gateway", options.gateway);
  if (otherSubnet !== undefined && options.subnet6 !== undefined) throw twice("--subnet6", options.subnet6);
  const subnet6 = otherSubnet ?? options.subnet6 ?? ((options.ipv6 ?? isDualByDriver) ? "auto" : undefined);
  if (subnet6 !== undefined && options.ipv6 === false) throw contradiction("--ipv6=false", "an IPv6 subnet");
  if (options.ipv4 === false && subnet !== undefined) throw contradiction("--ipv4=false", "an IPv4 subnet");
  if (options.ipv4 === false && subnet6 === undefined) throw contradiction("--ipv4=false", "no IPv6", "add --ipv6");
  return {
    name,
    ...(kind === undefined ? {} : { kind }),
    ...(options.ipv4 === false ? { subnet: "none" } : subnet === undefined ? {} : { subnet }),
    ...(subnet6 === undefined ? {} : { subnet6 }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(gateway6 === undefined ? {} : { gateway6 }),
    ...byDriver,
    ...(bridge === undefined ? {} : { bridge }),
    ...(parent === undefined ? {} : { parent }),
    ...(macvlanMode === undefined ? {} : { macvlanMode }),
    ...(macPrefix === undefined ? {} : { macPrefix }),
    ...(adopt === undefined ? {} : { adopt }),
    // 0 is "follows the uplink", which a new network does anyway.
    ...(mtu === undefined || mtu === 0 ? {} : { mtu }),
    ...change,
  };
}

/** Sort values by family; only IPv6 has colons. @throws {UsageError} when there are two of one family */
function byFamily(option: string, values: string[] = []): [v4: string | undefined, v6: string | undefined] {
  const [v4, second4] = values.filter((value) => !value.includes(":"));
  const [v6, second6] = values.filter((value) => value.includes(":"));
  const second = second4 ?? second6;
  if (second !== undefined) throw twice(option, second);
  return [v4, v6];
}

function twice(option: string, value: string): UsageError {
  return new UsageError(
    `Cannot take ${option} '${value}': there is one of its family already, one wanted`,
    "make a second network, and connect containers to both with 'netctl net connect'",
  );
}

function contradiction(option: string, other: string, remedy = "leave one of the two out"): UsageError {
  return new UsageError(`Cannot create a network with ${option} and ${other}: one of the two wanted`, remedy);
}

function joined<K extends string>(key: K, own?: string[], others?: string[]): { [P in K]?: string[] } {
  return own === undefined && others === undefined
    ? {}
    : ({ [key]: [...(own ?? []), ...(others ?? [])] } as { [P in K]?: string[] });
}

function parseMacvlanMode(text: string): string {
  if (["bridge", "vepa", "private", "passthru"].includes(text)) return text;
  throw new UsageError(
    `Cannot read --macvlan-mode '${text}': bridge, vepa, private or passthru wanted`,
    "--macvlan-mode bridge",
  );
}
