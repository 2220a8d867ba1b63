/** `netctl rm`. @module */
import type { Command } from "commander";
import { NetdError } from "../../errors.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { formatFailure } from "../exit-code.ts";
import { actOnTargets } from "../targets.ts";

/** Define `rm`. */
export function defineRm(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option("-f, --force", "kill it first when it runs; one that is not there is no failure")
    .option("-v, --volumes", "remove its anonymous volumes too");
  addCommonOptions(command);
  addExamples(command, "netctl rm web", "netctl rm -f $(netctl ps -aq)");
  command.action((names: string[], options: CommonOptions & { force?: boolean; volumes?: boolean }) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.showChange(name, "rm")).commands,
      act: async (name) => {
        try {
          await client.removeContainer(name, { force: options.force === true, volumes: options.volumes === true });
        } catch (error) {
          if (!options.force || !(error instanceof NetdError) || error.code !== "CONTAINER_UNKNOWN") throw error;
          context.stderr.write(formatFailure(error));
          return undefined;
        }
        return { container: name };
      },
    });
  });
}
