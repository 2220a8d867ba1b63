/** `netctl rm`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { actOnTargets } from "../targets.ts";

/** Define `rm`. */
export function defineRm(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option("-f, --force", "kill it first when it runs")
    .option("-v, --volumes", "remove its anonymous volumes too");
  addCommonOptions(command);
  addExamples(command, "netctl rm web", "netctl rm -f $(netctl ps -aq)");
  command.action((names: string[], options: CommonOptions & { force?: boolean; volumes?: boolean }) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.showChange(name, "rm")).commands,
      act: async (name) => {
        await client.removeContainer(name, { force: options.force === true, volumes: options.volumes === true });
        return { container: name };
      },
    });
  });
}
