/** `netctl logs`. @module */
import { once } from "node:events";
import type { Command } from "commander";
import { FrameParser } from "../../stream/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { integerParser } from "../parse-number.ts";
import { quoteShell } from "../shell.ts";

interface LogsOptions extends CommonOptions {
  follow?: boolean;
  tail?: number | "all";
  timestamps?: boolean;
}

/** Define `logs`. */
export function defineLogs(command: Command, context: NetctlContext): void {
  command
    .argument("<container>")
    .option("-f, --follow", "go on until the container ends")
    .option("-n, --tail <lines>", "only the last lines (default: all)", parseTail)
    .option("-t, --timestamps", "begin each line with its time");
  addCommonOptions(command);
  addExamples(command, "netctl logs web", "netctl logs -f --tail 10 web");
  command.action(async (name: string, options: LogsOptions) => {
    const client = clientOf(options, context);
    const { follow = false, timestamps = false } = options;
    const tail = options.tail === "all" ? undefined : options.tail;
    if (options.show) {
      const { files } = await client.container(name);
      const lines = tail === undefined ? "+1" : tail;
      return printCommands([`tail -n ${lines}${follow ? " -f" : ""} ${quoteShell(files.log)}`], options, context);
    }
    const parser = new FrameParser();
    const entries: { stream: string; text: string }[] = [];
    for await (const bytes of await client.logs(name, { follow, tail, timestamps })) {
      for (const { kind, payload } of parser.push(bytes)) {
        if (kind !== "stdout" && kind !== "stderr") continue;
        if (options.json) entries.push({ stream: kind, text: payload.toString() });
        else if (!context[kind].write(payload)) await once(context[kind], "drain");
      }
    }
    if (options.json) printJson(entries, context);
  });
}

function parseTail(text: string): number | "all" {
  return text === "all" ? text : integerParser("--tail", 0)(text);
}
