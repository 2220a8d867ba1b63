/** `netctl net set`. @module */
import type { Command } from "commander";
import { changeNetwork } from "../../api/index.ts";
import { carryOut } from "../carry-out.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { addConfirmOption, type ConfirmOptions, followPending, toConfirmSeconds } from "../confirm-change.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { addNetworkOptions, type NetworkOptions, toNetworkChange } from "../network-options.ts";
import { printJson } from "../output.ts";
import { UsageError } from "../usage-error.ts";

type SetOptions = CommonOptions & NetworkOptions & ConfirmOptions;

/** Define `net set`. */
export function defineNetSet(command: Command, context: NetctlContext): void {
  addNetworkOptions(command.argument("<network>"));
  addConfirmOption(command);
  addCommonOptions(command);
  addExamples(
    command,
    "netctl net set lab --mtu 1400",
    "netctl net set lab --internal --confirm 60s",
    "netctl net set lab --internal=false --dns 192.0.2.53 --dns 192.0.2.54",
    "netctl net set lab --route none          all routes away",
  );
  command.action(async (name: string, options: SetOptions) => {
    const change = toNetworkChange(options);
    if (Object.keys(change).length === 0) {
      throw new UsageError(`Cannot change network '${name}': nothing to change was given`, "netctl net set -h");
    }
    const client = clientOf(options, context);
    const request = changeNetwork(name, { ...change, ...toConfirmSeconds(options) });
    const network = await carryOut(client, request, options, context);
    if (network === undefined) return;
    if (options.json) return printJson(network, context);
    if (network.pending === undefined) context.stdout.write(`${network.name}\n`);
    await followPending(network.pending, { client, options, context });
  });
}
