/** `netctl version`. @module */
import type { Command } from "commander";
import { NetdError } from "../../errors.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { NETCTL_VERSION } from "../version.ts";

/** Define `version`. */
export function defineVersion(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl version");
  command.action(async (options: CommonOptions) => {
    if (options.show) return printCommands(["netctl --version", "netd --version"], options, context);
    const daemon = await daemonVersion(options, context);
    if (options.json) return printJson({ netctl: NETCTL_VERSION, netd: daemon ?? null }, context);
    context.stdout.write(`netctl ${NETCTL_VERSION}\nnetd   ${daemon ?? "(does not run)"}\n`);
  });
}

async function daemonVersion(options: CommonOptions, context: NetctlContext): Promise<string | undefined> {
  try {
    return (await clientOf(options, context).info()).version;
  } catch (error) {
    if (error instanceof NetdError && error.code === "DAEMON_NOT_RUNNING") return undefined;
    throw error;
  }
}
