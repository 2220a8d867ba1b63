/** `netctl stop`. @module */
import { type Command, Option } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { integerParser } from "../parse-number.ts";
import { parseSignal } from "../parse-signal.ts";
import { actOnTargets } from "../targets.ts";

interface StopOptions extends CommonOptions {
  time?: number;
  /** The same by its newer name. */
  timeout?: number;
  signal?: string;
}

/** Define `stop`. */
export function defineStop(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option(
      "-t, --time <seconds>",
      "how long it may take before it is killed (default: the container's, or 10)",
      integerParser("--time", -1),
    )
    .option("-s, --signal <signal>", "signal that asks it to end (default: the container's, or TERM)", parseSignal)
    .addOption(new Option("--timeout <seconds>").argParser(integerParser("--timeout", -1)).hideHelp());
  addCommonOptions(command);
  addExamples(command, "netctl stop web", "netctl stop -t 1 web db");
  command.action((names: string[], options: StopOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.showChange(name, "stop")).commands,
      act: (name) =>
        client.stopContainer(name, { timeoutSeconds: options.time ?? options.timeout, signal: options.signal }),
    });
  });
}
