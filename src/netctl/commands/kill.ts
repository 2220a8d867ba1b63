/** `netctl kill`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { parseSignal } from "../parse-signal.ts";
import { actOnTargets } from "../targets.ts";

/** Define `kill`. */
export function defineKill(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option("-s, --signal <signal>", "signal by name or number", parseSignal, "SIGKILL");
  addCommonOptions(command);
  addExamples(command, "netctl kill web", "netctl kill -s HUP web");
  command.action((names: string[], options: CommonOptions & { signal: string }) => {
    const client = clientOf(options, context);
    const { signal } = options;
    return actOnTargets(names, options, context, {
      show: async (name) => {
        const { pid } = await client.container(name);
        return pid === undefined ? [] : [`kill -s ${signal.slice("SIG".length)} ${pid}`];
      },
      act: async (name) => {
        await client.killContainer(name, signal);
        return { container: name, signal };
      },
    });
  });
}
