/** `netctl update`. @module */
import type { Command } from "commander";
import type { RestartPolicy } from "../../api/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { parseRestart } from "../parse-restart.ts";
import { actOnTargets } from "../targets.ts";
import { UsageError } from "../usage-error.ts";

interface UpdateOptions extends CommonOptions {
  restart?: RestartPolicy;
}

/** Define `update`. */
export function defineUpdate(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option("--restart <policy>", "no, always, unless-stopped or on-failure[:N]", parseRestart);
  addCommonOptions(command);
  addExamples(command, "netctl update --restart unless-stopped web", "netctl update --restart no $(netctl ps -aq)");
  command.action((names: string[], options: UpdateOptions) => {
    const { restart } = options;
    if (restart === undefined) {
      throw new UsageError(
        "Cannot update containers: nothing to change was given",
        "netctl update --restart always web",
      );
    }
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async () => [],
      act: (name) => client.updateContainer(name, { restart }),
    });
  });
}
