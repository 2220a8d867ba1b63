/** `netctl wait`. @module */
import { type Command, Option } from "commander";
import type { WaitCondition } from "../../api/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { actOnTargets } from "../targets.ts";

interface WaitOptions extends CommonOptions {
  condition?: WaitCondition;
}

/** Define `wait`. */
export function defineWait(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .addOption(
      new Option("--condition <condition>", "what to wait for (default: not-running)").choices([
        "not-running",
        "next-exit",
        "removed",
      ]),
    );
  addCommonOptions(command);
  addExamples(command, "netctl wait web", 'exit "$(netctl wait job)"');
  command.action((names: string[], options: WaitOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => {
        const { pid } = await client.container(name);
        return pid === undefined ? [] : [`tail --pid=${pid} -f /dev/null`];
      },
      act: async (name) => ({ container: name, ...(await client.waitContainer(name, options.condition)) }),
      report: ({ exitCode }) => String(exitCode),
    });
  });
}
