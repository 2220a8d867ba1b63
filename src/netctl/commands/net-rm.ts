/** `netctl net rm` and `netctl net prune`. @module */
import type { Command } from "commander";
import { pruneNetworks, removeNetwork } from "../../api/index.ts";
import { carryOut } from "../carry-out.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { confirm } from "../confirm.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { parseFilters } from "../filters.ts";
import { printJson } from "../output.ts";
import { actOnTargets } from "../targets.ts";

const QUESTION =
  "WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue? [y/N] ";

/** Define `net rm`. */
export function defineNetRemove(command: Command, context: NetctlContext): void {
  command.argument("<network...>").option("-f, --force", "say nothing of those that are not there");
  addCommonOptions(command);
  addExamples(command, "netctl net rm lab", "netctl net rm --show lab");
  command.action((names: string[], options: CommonOptions & { force?: boolean }) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.show(removeNetwork(name))).commands,
      act: async (name) => {
        await client.apply(removeNetwork(name)).catch((error: unknown) => {
          const isGone = (error as { code?: string }).code === "NETWORK_UNKNOWN";
          if (options.force !== true || !isGone) throw error;
        });
        return { network: name };
      },
    });
  });
}

/** Define `net prune`. */
export function defineNetPrune(command: Command, context: NetctlContext): void {
  command
    .option("-f, --force", "do not ask")
    .option("--filter <label=name[=value]>", "only those with a label", collect);
  addCommonOptions(command);
  addExamples(command, "netctl net prune -f", "netctl net prune --filter label=lab");
  command.action(async (options: CommonOptions & { force?: boolean; filter?: string[] }) => {
    const labels = parseFilters(options.filter ?? [], ["label"]).get("label");
    const isAsking = options.force !== true && options.show !== true;
    if (isAsking && !(await confirm(QUESTION, context))) return;
    const pruned = await carryOut(clientOf(options, context), pruneNetworks(labels), options, context);
    if (pruned === undefined) return;
    if (options.json) return printJson(pruned, context);
    if (pruned.networks.length === 0) return;
    context.stdout.write(`Deleted Networks:\n${pruned.networks.map((name) => `${name}\n`).join("")}\n`);
  });
}
