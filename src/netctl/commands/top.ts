/** `netctl top`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { escapeControls, formatTable } from "../table.ts";

/** Define `top`. */
export function defineTop(command: Command, context: NetctlContext): void {
  command.argument("<container>").argument("[ps-options...]").passThroughOptions();
  addCommonOptions(command);
  addExamples(command, "netctl top web", "netctl top web -o pid,rss,args", "netctl top web aux");
  command.action(async (name: string, psOptions: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    if (options.show) {
      const { pid } = await client.container(name);
      const words = [
        "ps",
        ...(psOptions.length === 0 ? ["-f"] : psOptions),
        "--pid",
        String(pid),
        "--ppid",
        String(pid),
      ];
      return printCommands(pid === undefined ? [] : [words.join(" ")], options, context);
    }
    const { titles, processes } = await client.top(name, psOptions);
    if (options.json) return printJson({ titles, processes }, context);
    context.stdout.write(
      formatTable(
        titles,
        processes.map((row) => row.map(escapeControls)),
      ),
    );
  });
}
