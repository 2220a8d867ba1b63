/** `netctl wait`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { actOnTargets } from "../targets.ts";

/** Define `wait`. */
export function defineWait(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<container...>"));
  addExamples(command, "netctl wait web", 'exit "$(netctl wait job)"');
  command.action((names: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => {
        const { pid } = await client.container(name);
        return pid === undefined ? [] : [`tail --pid=${pid} -f /dev/null`];
      },
      act: async (name) => ({ container: name, ...(await client.waitContainer(name)) }),
      report: ({ exitCode }) => String(exitCode),
    });
  });
}
