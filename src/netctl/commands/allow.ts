/** `netctl allow` and `netctl deny`. @module */
import type { Command } from "commander";
import { allowNetworks, denyNetworks } from "../../api/index.ts";
import { carryOut } from "../carry-out.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { addConfirmOption, type ConfirmOptions, followPending, toConfirmSeconds } from "../confirm-change.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printJson } from "../output.ts";

/** Define `allow`. */
export function defineAllow(command: Command, context: NetctlContext): void {
  command
    .argument("<network>", "its containers may open connections")
    .argument("<to-network>", "to containers of this one, but not the other way round");
  addConfirmOption(command);
  addCommonOptions(command);
  addExamples(
    command,
    "netctl allow front back",
    "netctl allow back front          the other way, too",
    "netctl exposure                  what is allowed now",
    "netctl allow front back --confirm 60s",
  );
  command.action(async (from: string, to: string, options: CommonOptions & ConfirmOptions) => {
    const client = clientOf(options, context);
    const request = allowNetworks({ from, to, ...toConfirmSeconds(options) });
    const answer = await carryOut(client, request, options, context);
    if (answer === undefined) return;
    if (options.json) return printJson(answer, context);
    await followPending(answer.pending, { client, options, context });
  });
}

/** Define `deny`. */
export function defineDeny(command: Command, context: NetctlContext): void {
  command
    .argument("<network>", "its containers may no longer open connections")
    .argument("<to-network>", "to containers of this one; as it is without 'netctl allow'");
  addCommonOptions(command);
  addExamples(command, "netctl deny front back", "netctl deny --show front back");
  command.action(async (from: string, to: string, options: CommonOptions) => {
    await carryOut(clientOf(options, context), denyNetworks({ from, to }), options, context);
    if (options.json && options.show !== true) printJson({ from, to }, context);
  });
}
