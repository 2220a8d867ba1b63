/** `netctl logs`. @module */
import { once } from "node:events";
import type { Command } from "commander";
import { FrameParser } from "../../stream/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { integerParser } from "../parse-number.ts";
import { parseTime } from "../parse-time.ts";
import { quoteShell } from "../shell.ts";

interface LogsOptions extends CommonOptions {
  follow?: boolean;
  since?: string;
  tail?: number | "all";
  timestamps?: boolean;
  until?: string;
}

/** Define `logs`. */
export function defineLogs(command: Command, context: NetctlContext): void {
  command
    .argument("<container>")
    .option("-f, --follow", "go on until the container ends")
    .option("--since <time>", "only lines of that time or later: a date, seconds since 1970, or how long ago (10m)")
    .option("--until <time>", "only lines of that time or before")
    .option("-n, --tail <lines>", "only the last lines (default: all)", parseTail)
    .option("-t, --timestamps", "begin each line with its time");
  addCommonOptions(command);
  addExamples(command, "netctl logs web", "netctl logs -f --tail 10 web", "netctl logs --since 10m web");
  command.action(async (name: string, options: LogsOptions) => {
    const client = clientOf(options, context);
    const { follow = false, timestamps = false } = options;
    const tail = options.tail === "all" ? undefined : options.tail;
    const since = options.since && parseTime(options.since, "--since", context.nowMs());
    const until = options.until && parseTime(options.until, "--until", context.nowMs());
    if (options.show) {
      const { files } = await client.container(name);
      return printCommands([showLogs(files.log, follow, tail)], options, context);
    }
    const { body, loss } = await client.logs(name, { follow, tail, timestamps, since, until });
    if (loss !== undefined) {
      context.stderr.write(
        `netctl: ${loss.lines} lines of this log (${loss.bytes} bytes) are lost: the disk was full\n`,
      );
    }
    const parser = new FrameParser();
    const entries: { stream: string; text: string }[] = [];
    for await (const bytes of body) {
      for (const { kind, payload } of parser.push(bytes)) {
        if (kind !== "stdout" && kind !== "stderr") continue;
        if (options.json) entries.push({ stream: kind, text: payload.toString() });
        else if (!context[kind].write(payload)) await once(context[kind], "drain");
      }
    }
    if (options.json) printJson(entries, context);
  });
}

/** What reads a log by hand: full files have a number behind the name of the current one. */
function showLogs(file: string, isFollowing: boolean, tail: number | undefined): string {
  const name = quoteShell(file);
  if (isFollowing) return `tail -n ${tail ?? "+1"} -F ${name}`;
  const all = `cat ${name}.?????????? ${name} 2>/dev/null`;
  return tail === undefined ? all : `${all} | tail -n ${tail}`;
}

function parseTail(text: string): number | "all" {
  return text === "all" ? text : integerParser("--tail", 0)(text);
}
