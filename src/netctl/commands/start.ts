/** `netctl start`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { actOnTargets } from "../targets.ts";

/** Define `start`. */
export function defineStart(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<container...>"));
  addExamples(command, "netctl start web", "netctl start --show web");
  command.action((names: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.showChange(name, "start")).commands,
      act: (name) => client.startContainer(name),
    });
  });
}
