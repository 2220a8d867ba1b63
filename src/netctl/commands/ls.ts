/** `netctl ls`: the leases. @module */
import type { Command } from "commander";
import { formatTime } from "../age.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson, statePaint } from "../output.ts";
import { formatTable } from "../table.ts";

const HEADINGS = ["ADDRESS", "MAC", "CONTAINER", "NETWORK", "HOST IF", "STATE", "SINCE"];

/** Addresses as the namespaces have them, and the host's ends of their cables. */
const BY_HAND = [
  "ip -all netns exec ip -4 -brief address show scope global",
  "ip -all netns exec ip -brief link show type veth",
  "ip -brief link show type bridge_slave",
];

/** Define `ls`. */
export function defineLs(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl ls", "netctl ls --json");
  command.action(async (options: CommonOptions) => {
    if (options.show) return printCommands(BY_HAND, options, context);
    const leases = await clientOf(options, context).leases();
    if (options.json) return printJson(leases, context);
    const rows = leases.map((lease) => [
      lease.address,
      lease.mac,
      lease.container,
      lease.network,
      lease.hostInterface,
      lease.state,
      formatTime(lease.since),
    ]);
    context.stdout.write(formatTable(HEADINGS, rows, statePaint(context)));
  });
}
