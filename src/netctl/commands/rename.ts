/** `netctl rename`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { quoteShell } from "../shell.ts";

/** Define `rename`. */
export function defineRename(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<container>").argument("<name>"));
  addExamples(command, "netctl rename web web-old");
  command.action(async (container: string, name: string, options: CommonOptions) => {
    const client = clientOf(options, context);
    if (options.show) {
      const [from, to] = [(await client.container(container)).name, name].map((text) =>
        quoteShell(`/run/netns/${text}`),
      );
      return printCommands(
        [`touch ${to}`, `mount --bind ${from} ${to}`, `umount ${from}`, `rm ${from}`],
        options,
        context,
      );
    }
    const info = await client.renameContainer(container, name);
    if (options.json) printJson(info, context);
  });
}
