/** `netctl ps`. @module */
import type { Command } from "commander";
import type { ContainerInfo } from "../../api/index.ts";
import { formatAge } from "../age.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { matchesFilters, parseFilters } from "../filters.ts";
import { formatPorts } from "../format-ports.ts";
import { checkJsonFormat, printCommands, printJson, statePaint } from "../output.ts";
import { integerParser } from "../parse-number.ts";
import { PS_FILTERS } from "../ps-filter.ts";
import { escapeControls, formatTable } from "../table.ts";

interface PsOptions extends CommonOptions {
  all?: boolean;
  quiet?: boolean;
  filter?: string[];
  last?: number;
  latest?: boolean;
  format?: string;
  /** False with `--no-trunc`. */
  trunc: boolean;
}

const HEADINGS = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "ADDRESS", "PORTS", "NAME"];
const ID_LENGTH = 12;
const COMMAND_LENGTH = 20;

/** Namespaces named as containers are, what runs in them, and the whole tree of processes. */
const BY_HAND = ["ip netns list", "ip -all netns exec ps -o pid,stat,etime,args", "ps -e -o pid,ppid,netns,pidns,args"];

/** Define `ps`. */
export function definePs(command: Command, context: NetctlContext): void {
  command
    .option("-a, --all", "those that do not run, too")
    .option("-q, --quiet", "only ids")
    .option("-f, --filter <key=value>", `only those of a ${Object.keys(PS_FILTERS).join(", ")}`, collect)
    .option("-n, --last <number>", "the last ones made, whatever their state", integerParser("--last", -1))
    .option("-l, --latest", "the last one made, whatever its state")
    .option("--format <format>", "json: one document a line")
    .option("--no-trunc", "whole ids and commands");
  addCommonOptions(command);
  addExamples(
    command,
    "netctl ps",
    "netctl ps -a",
    "netctl ps -aq --filter status=exited",
    "netctl rm -f $(netctl ps -aq)",
  );
  command.action(async (options: PsOptions) => {
    if (options.show) return printCommands(BY_HAND, options, context);
    checkJsonFormat(options.format);
    const filters = parseFilters(options.filter ?? [], Object.keys(PS_FILTERS));
    const last = options.latest ? 1 : (options.last ?? -1);
    const hasAll = options.all === true || last > 0 || filters.has("status") || filters.has("exited");
    const containers = (await clientOf(options, context).listContainers(hasAll))
      .filter((info) => matchesFilters(info, filters, PS_FILTERS))
      .slice(0, last > 0 ? last : undefined);
    if (options.json) return printJson(containers, context);
    const idOf = (info: ContainerInfo): string => (options.trunc ? info.id.slice(0, ID_LENGTH) : info.id);
    if (options.quiet) {
      context.stdout.write(containers.map((info) => `${idOf(info)}\n`).join(""));
      return;
    }
    if (options.format !== undefined) {
      context.stdout.write(containers.map((info) => `${JSON.stringify(info)}\n`).join(""));
      return;
    }
    const rows = containers.map((info) => [
      idOf(info),
      info.image,
      formatCommand(info.command, options.trunc),
      `${formatAge(info.createdAt, context.nowMs())} ago`,
      formatStatus(info, context.nowMs()),
      info.endpoint?.address ?? info.networkMode.replace(/^(container:.{12}).*/, "$1"),
      formatPorts(info),
      info.name,
    ]);
    context.stdout.write(formatTable(HEADINGS, rows, statePaint(context)));
  });
}

/** Say what state a container is in and since when. */
export function formatStatus(info: ContainerInfo, nowMs: number): string {
  if (info.state === "paused") return `Up ${formatAge(info.startedAt ?? info.createdAt, nowMs)} (Paused)`;
  if (info.state === "running") {
    const { status } = info.health ?? {};
    const health = status === undefined ? "" : status === "starting" ? " (health: starting)" : ` (${status})`;
    return `Up ${formatAge(info.startedAt ?? info.createdAt, nowMs)}${health}`;
  }
  if (info.state === "created") return "Created";
  const state = info.state === "restarting" ? "Restarting" : "Exited";
  return `${state} (${info.exitCode ?? "?"}) ${formatAge(info.finishedAt ?? info.createdAt, nowMs)} ago`;
}

function formatCommand(argv: string[], isTruncated: boolean): string {
  const text = escapeControls(argv.join(" "));
  return isTruncated && text.length > COMMAND_LENGTH ? `${text.slice(0, COMMAND_LENGTH - 1)}…` : text;
}
