/** `netctl images`, the same as `netctl image ls`. @module */
import type { Command } from "commander";
import { formatAge } from "../age.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { formatSize } from "../parse-size.ts";
import { quoteShell } from "../shell.ts";
import { formatTable } from "../table.ts";

interface ListOptions extends CommonOptions {
  quiet?: boolean;
  /** False with `--no-trunc`. */
  trunc: boolean;
}

const HEADINGS = ["NAME", "ID", "CREATED", "SIZE"];
const ID_LENGTH = "sha256:".length + 12;

/** Define `images`, the same as `image ls`. */
export function defineImages(command: Command, context: NetctlContext): void {
  command.option("-q, --quiet", "only names").option("--no-trunc", "whole ids");
  addCommonOptions(command);
  addExamples(command, "netctl images", "netctl images --json");
  command.action(async (options: ListOptions) => {
    const client = clientOf(options, context);
    if (options.show) {
      const { stateDir } = await client.info();
      return printCommands([`du -sh ${quoteShell(`${stateDir}/images`)}/*`], options, context);
    }
    const images = await client.images();
    if (options.json) return printJson(images, context);
    if (options.quiet) {
      context.stdout.write(images.map((image) => `${image.name}\n`).join(""));
      return;
    }
    const rows = images.map((image) => [
      image.name,
      options.trunc ? image.id.slice(0, ID_LENGTH) : image.id,
      `${formatAge(image.createdAt, context.nowMs())} ago`,
      formatSize(image.sizeBytes),
    ]);
    context.stdout.write(formatTable(HEADINGS, rows));
  });
}
