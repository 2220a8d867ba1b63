/** `netctl net` with its parts. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { formatTable } from "../table.ts";
import { forEachTarget } from "../targets.ts";

const HEADINGS = ["NAME", "BRIDGE", "SUBNET", "GATEWAY", "MTU", "USED"];

/** Define `net`. */
export function defineNet(command: Command, context: NetctlContext): void {
  defineList(command.command("ls").description("list networks"), context);
  defineInspect(command.command("inspect").description("tell all about networks"), context);
}

function defineList(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl net ls");
  command.action(async (options: CommonOptions) => {
    if (options.show) {
      return printCommands(
        ["ip -brief link show type bridge", "ip -4 -brief address show type bridge"],
        options,
        context,
      );
    }
    const networks = await clientOf(options, context).networks();
    if (options.json) return printJson(networks, context);
    const rows = networks.map((network) => [
      network.name,
      network.bridge,
      network.subnet ?? "-",
      network.gateway ?? "-",
      String(network.mtu),
      `${network.addresses.used}/${network.addresses.total}`,
    ]);
    context.stdout.write(formatTable(HEADINGS, rows));
  });
}

function defineInspect(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<network...>"));
  addExamples(command, "netctl net inspect default");
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
