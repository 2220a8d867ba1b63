/** `netctl events`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands } from "../output.ts";

/** What the kernel itself tells. */
const BY_HAND = ["ip monitor link address route neigh", "nft monitor"];

/** Define `events`. */
export function defineEvents(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl events", "netctl events --json    one document a line");
  command.action(async (options: CommonOptions) => {
    if (options.show) return printCommands(BY_HAND, options, context);
    for await (const event of clientOf(options, context).events()) {
      const code = event.exitCode === undefined ? "" : ` exit code ${event.exitCode}`;
      const line = options.json ? JSON.stringify(event) : `${event.at} ${event.type} ${event.container ?? ""}${code}`;
      context.stdout.write(`${line.trimEnd()}\n`);
    }
  });
}
