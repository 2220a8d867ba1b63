/** `netctl events`. @module */
import type { Command } from "commander";
import type { EventInfo } from "../../api/index.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { type FilterTest, hasLabel, matchesFilters, parseFilters } from "../filters.ts";
import { checkJsonFormat, printCommands } from "../output.ts";
import { parseTime } from "../parse-time.ts";

interface EventsOptions extends CommonOptions {
  since?: string;
  until?: string;
  filter?: string[];
  format?: string;
}

/** What the kernel itself tells. */
const BY_HAND = ["ip monitor link address route neigh", "nft monitor"];

const FILTERS: Record<string, FilterTest<EventInfo>> = {
  container: ({ container, id }, value) => container === value || id?.startsWith(value) === true,
  event: ({ action, type }, value) => action === value || type === value || action.split(":")[0] === value,
  type: ({ type }, value) => type.split(".")[0] === value,
  image: ({ attributes }, value) => attributes?.image === value,
  label: ({ attributes = {} }, value) => hasLabel(attributes, value),
};

/** Define `events`. */
export function defineEvents(command: Command, context: NetctlContext): void {
  command
    .option("--since <time>", "begin with what happened then: a date, seconds since 1970, or how long ago (10m)")
    .option("--until <time>", "end with what happened then")
    .option("-f, --filter <key=value>", `only those of a ${Object.keys(FILTERS).join(", ")}`, collect)
    .option("--format <format>", "json: one document a line");
  addCommonOptions(command);
  addExamples(
    command,
    "netctl events",
    "netctl events --json    one document a line",
    "netctl events --since 10m --until 0s --filter event=die",
  );
  command.action(async (options: EventsOptions) => {
    checkJsonFormat(options.format);
    const filters = parseFilters(options.filter ?? [], Object.keys(FILTERS));
    if (options.show) return printCommands(BY_HAND, options, context);
    const since = options.since && parseTime(options.since, "--since", context.nowMs());
    const until = options.until && parseTime(options.until, "--until", context.nowMs());
    for await (const event of clientOf(options, context).events({ since, until })) {
      if (!matchesFilters(event, filters, FILTERS)) continue;
      const code = event.exitCode === undefined ? "" : ` exit code ${event.exitCode}`;
      const isJson = options.json || options.format !== undefined;
      const line = isJson ? JSON.stringify(event) : `${event.at} ${event.type} ${event.container ?? ""}${code}`;
      context.stdout.write(`${line.trimEnd()}\n`);
    }
  });
}
