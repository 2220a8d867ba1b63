/** `netctl net connect` and `netctl net disconnect`. @module */
import { type Command, Option } from "commander";
import { connectNetwork, disconnectNetwork } from "../../api/index.ts";
import { carryOut } from "../carry-out.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { parsePriority } from "../endpoint-options.ts";
import { printJson } from "../output.ts";
import { UsageError } from "../usage-error.ts";

interface ConnectOptions extends CommonOptions {
  ip?: string;
  ip6?: string;
  mac?: string;
  macAddress?: string;
  alias?: string[];
  defaultRoute?: boolean;
  gwPriority?: number;
}

/** Options of docker that have no meaning here. */
const REFUSED: [flags: string, why: string, remedy: string][] = [
  ["--link <container>", "containers of one network know each other by name", "give another name with --alias"],
  ["--link-local-ip <address>", "netd gives no link-local addresses", "netctl exec NAME ip address add …"],
  ["--driver-opt <option>", "netd's networks have no options of that kind", "leave it out"],
];

/** Define `net connect`. */
export function defineNetConnect(command: Command, context: NetctlContext): void {
  command
    .argument("<network>")
    .argument("<container>")
    .option("--ip <address>", "its address in the network")
    .option("--ip6 <address>", "its IPv6 address")
    .option("--mac <mac>", "its MAC (default: made from the address); --mac-address, too")
    .option("--alias <name>", "a further name in the network", collect)
    .option("--default-route", "have its default route through this network")
    .addOption(new Option("--gw-priority <number>").argParser(parsePriority).hideHelp())
    .addOption(new Option("--mac-address <mac>").hideHelp());
  for (const [flags, why, remedy] of REFUSED) {
    const refuse = (): never => {
      throw new UsageError(`Cannot take ${flags.split(" ")[0]}: ${why}`, remedy);
    };
    command.addOption(new Option(flags).argParser(refuse).hideHelp());
  }
  addCommonOptions(command);
  addExamples(
    command,
    "netctl net connect lab web",
    "netctl net connect --ip 10.20.0.9 --alias db lab web",
    "netctl net connect --show lab web",
  );
  command.action(async (network: string, container: string, options: ConnectOptions) => {
    const { ip, ip6, mac = options.macAddress, alias, gwPriority = 0 } = options;
    const hasDefaultRoute = options.defaultRoute === true || gwPriority > 0;
    const change = connectNetwork(network, {
      container,
      ...(ip === undefined ? {} : { ip }),
      ...(ip6 === undefined ? {} : { ip6 }),
      ...(mac === undefined ? {} : { mac }),
      ...(alias === undefined ? {} : { aliases: alias }),
      ...(hasDefaultRoute ? { defaultRoute: true } : {}),
    });
    const endpoint = await carryOut(clientOf(options, context), change, options, context);
    if (endpoint !== undefined && options.json) printJson(endpoint, context);
  });
}

/** Define `net disconnect`. */
export function defineNetDisconnect(command: Command, context: NetctlContext): void {
  command
    .argument("<network>")
    .argument("<container>")
    .option("-f, --force", "say nothing when it is not in the network, or not there");
  addCommonOptions(command);
  addExamples(command, "netctl net disconnect lab web", "netctl net disconnect --show lab web");
  command.action(async (network: string, container: string, options: CommonOptions & { force?: boolean }) => {
    const client = clientOf(options, context);
    try {
      await carryOut(client, disconnectNetwork(network, { container }), options, context);
    } catch (error) {
      const isOut = ["ENDPOINT_UNKNOWN", "CONTAINER_UNKNOWN"].includes((error as { code?: string }).code ?? "");
      if (options.force !== true || !isOut) throw error;
    }
    if (options.json && options.show !== true) printJson({ network, container }, context);
  });
}
