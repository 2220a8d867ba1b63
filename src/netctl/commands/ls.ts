/** `netctl ls`: the leases. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printLeaseJson, printLeaseTable } from "../lease-table.ts";
import { printCommands } from "../output.ts";

/** Addresses as the namespaces have them, and the host's ends of their cables. */
const BY_HAND = [
  "ip -all netns exec ip -brief address show scope global",
  "ip -all netns exec ip -brief link show type veth",
  "ip -brief link show type bridge_slave",
];

/** Define `ls`. */
export function defineLs(command: Command, context: NetctlContext): void {
  command.option("--stale", "only leases of containers that are gone");
  addCommonOptions(command);
  addExamples(command, "netctl ls", "netctl ls --json", "netctl ls --stale");
  command.action((options: CommonOptions & { stale?: boolean }) => listLeases(options, context));
}

/** Print the leases and reservations, as a table or as JSON. */
export async function listLeases(options: CommonOptions & { stale?: boolean }, context: NetctlContext): Promise<void> {
  if (options.show) return printCommands(BY_HAND, options, context);
  const leases = clientOf(options, context).leases({ stale: options.stale === true });
  await (options.json ? printLeaseJson(leases, context) : printLeaseTable(leases, context));
}
