/** `netctl exposure`. @module */
import { networkInterfaces } from "node:os";
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { listExposures } from "../exposure.ts";
import { printCommands, printJson } from "../output.ts";
import { escapeControls, formatTable } from "../table.ts";

const HEADINGS = ["REACHABLE FROM", "AT", "PROTOCOL", "LEADS TO", "NETWORK"];
const BY_HAND = ["nft list table inet netd", "ip -brief address show", "ss -lntup"];

/** Define `exposure`. */
export function defineExposure(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl exposure", "netctl exposure --json");
  command.action(async (options: CommonOptions) => {
    if (options.show) return printCommands(BY_HAND, options, context);
    const client = clientOf(options, context);
    const [containers, networks, allows, acls] = await Promise.all([
      client.listContainers(false),
      client.networks(),
      client.allows(),
      client.acls(),
    ]);
    const exposures = listExposures({ containers, networks, allows, acls, hostAddresses: hostAddresses() });
    if (options.json) return printJson(exposures, context);
    const rows = exposures.map(({ from, at, protocol, to, network }) =>
      [from, at, protocol, to, network ?? "-"].map(escapeControls),
    );
    context.stdout.write(formatTable(HEADINGS, rows));
  });
}

function hostAddresses(): { link: string; address: string }[] {
  return Object.entries(networkInterfaces()).flatMap(([link, addresses = []]) =>
    addresses.map(({ address }) => ({ link, address })),
  );
}
