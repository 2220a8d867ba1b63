/** `netctl restart`. @module */
import { type Command, Option } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { integerParser } from "../parse-number.ts";
import { parseSignal } from "../parse-signal.ts";
import { actOnTargets } from "../targets.ts";

interface RestartOptions extends CommonOptions {
  time?: number;
  /** The same by its newer name. */
  timeout?: number;
  signal?: string;
}

/** Define `restart`. */
export function defineRestart(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option(
      "-t, --time <seconds>",
      "how long it may take before it is killed (default: 10)",
      integerParser("--time", -1),
    )
    .option("-s, --signal <signal>", "signal that asks it to end", parseSignal)
    .addOption(new Option("--timeout <seconds>").argParser(integerParser("--timeout", -1)).hideHelp());
  addCommonOptions(command);
  addExamples(command, "netctl restart web", "netctl restart -t 1 web db");
  command.action((names: string[], options: RestartOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => {
        const stop = await client.showChange(name, "stop");
        const start = await client.showChange(name, "start");
        return [...stop.commands, ...start.commands];
      },
      act: (name) =>
        client.restartContainer(name, { timeoutSeconds: options.time ?? options.timeout, signal: options.signal }),
    });
  });
}
