/** `netctl restart`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { integerParser } from "../parse-number.ts";
import { actOnTargets } from "../targets.ts";

/** Define `restart`. */
export function defineRestart(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option(
      "-t, --time <seconds>",
      "how long it may take before it is killed (default: 10)",
      integerParser("--time", 0),
    );
  addCommonOptions(command);
  addExamples(command, "netctl restart web", "netctl restart -t 1 web db");
  command.action((names: string[], options: CommonOptions & { time?: number }) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => {
        const stop = await client.showChange(name, "stop");
        const start = await client.showChange(name, "start");
        return [...stop.commands, ...start.commands];
      },
      act: async (name) => {
        const { id, state } = await client.container(name);
        if (state === "running") await client.stopContainer(id, { timeoutSeconds: options.time });
        return client.startContainer(id);
      },
    });
  });
}
