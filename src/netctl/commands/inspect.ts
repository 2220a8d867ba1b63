/** `netctl inspect`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { forEachTarget } from "../targets.ts";

/** Define `inspect`. */
export function defineInspect(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<container...>"));
  addExamples(command, "netctl inspect web", "netctl inspect --show web    the commands that made it");
  command.action(async (names: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    if (options.show) {
      const plans = await forEachTarget(names, context, (name) => client.containerCommands(name));
      return printCommands(
        plans.flatMap((plan) => plan.commands),
        options,
        context,
      );
    }
    printJson(await forEachTarget(names, context, (name) => client.container(name)), context);
  });
}
