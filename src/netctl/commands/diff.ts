/** `netctl diff`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { quoteShell } from "../shell.ts";

/** Define `diff`. */
export function defineDiff(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<container>"));
  addExamples(command, "netctl diff web", "netctl diff --json web");
  command.action(async (name: string, options: CommonOptions) => {
    const client = clientOf(options, context);
    if (options.show) {
      const [{ stateDir }, { id }] = await Promise.all([client.info(), client.container(name)]);
      return printCommands([`find ${quoteShell(`${stateDir}/containers/${id}/upper`)}`], options, context);
    }
    const changes = await client.changes(name);
    if (options.json) printJson(changes, context);
    else context.stdout.write(changes.map(({ kind, path }) => `${kind} ${path}\n`).join(""));
  });
}
