/** `netctl change` with its parts. @module */
import type { Command } from "commander";
import { settleChange } from "../../api/index.ts";
import { formatTime } from "../age.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { formatTable } from "../table.ts";
import { actOnTargets } from "../targets.ts";

const HEADINGS = ["CHANGE", "WHAT", "TAKEN BACK"];

/** Define `change`. */
export function defineChange(command: Command, context: NetctlContext): void {
  defineList(command.command("ls").description("list the changes that are taken back unless confirmed"), context);
  defineSettle(command.command("confirm").description("keep changes"), context, "confirm");
  defineSettle(command.command("revert").description("take changes back at once"), context, "revert");
}

function defineList(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl change ls");
  command.action(async (options: CommonOptions) => {
    // They are netd's own: nothing in the kernel tells of them.
    if (options.show) return printCommands([], options, context);
    const changes = await clientOf(options, context).pendingChanges();
    if (options.json) return printJson(changes, context);
    const rows = changes.map(({ id, what, until }) => [id, what, formatTime(until)]);
    context.stdout.write(formatTable(HEADINGS, rows));
  });
}

function defineSettle(command: Command, context: NetctlContext, end: "confirm" | "revert"): void {
  addCommonOptions(command.argument("<change...>"));
  addExamples(
    command,
    end === "confirm" ? "netctl change confirm 4f2a9c01" : "netctl change revert 4f2a9c01",
    "netctl change ls",
  );
  command.action((ids: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(ids, options, context, {
      // What there is to confirm is netd's own knowledge; what it takes back, the change itself told with --show.
      show: async (id) => [`# netd ${end === "confirm" ? "keeps" : "takes back"} change ${id}`],
      act: async (id) => {
        await client.apply(settleChange(id, end));
        return { change: id };
      },
    });
  });
}
