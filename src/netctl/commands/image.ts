/** `netctl image` with its parts. @module */
import { createReadStream, fstatSync, openSync } from "node:fs";
import type { Command } from "commander";
import { NetdError } from "../../errors.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { quoteShell } from "../shell.ts";
import { actOnTargets } from "../targets.ts";
import { UsageError } from "../usage-error.ts";
import { defineImages } from "./images.ts";

/** Define `image`. */
export function defineImage(command: Command, context: NetctlContext): void {
  defineImport(command.command("import").description("make an image of a tar or tar.gz"), context);
  defineImages(command.command("ls").description("list images"), context);
  defineRemove(command.command("rm").description("remove images"), context);
}

function defineImport(command: Command, context: NetctlContext): void {
  command
    .argument("<name>")
    .argument("[file]", "the archive; - or nothing reads standard input")
    .option("-c, --change <line>", "set CMD, ENTRYPOINT, ENV, WORKDIR or USER: 'CMD [\"sh\"]'", collect);
  addCommonOptions(command);
  addExamples(
    command,
    "netctl image import tiny rootfs.tar.gz",
    "tar -C rootfs -c . | netctl image import tiny",
    "docker export web | netctl image import web -",
  );
  command.action(async (name: string, file: string | undefined, options: CommonOptions & { change?: string[] }) => {
    const client = clientOf(options, context);
    if (options.show) {
      const { stateDir } = await client.info();
      const directory = quoteShell(`${stateDir}/images/${name}`);
      const from = file === undefined || file === "-" ? "-" : quoteShell(file);
      return printCommands([`mkdir ${directory}`, `tar -x -C ${directory} -f ${from}`], options, context);
    }
    const archive = withProgress(openArchive(file, context), `import ${name}`, context);
    const image = await client.importImage(name, archive, options.change ?? []);
    if (options.json) printJson(image, context);
    else context.stdout.write(`${image.id}\n`);
  });
}

function defineRemove(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<name...>"));
  addExamples(command, "netctl image rm tiny");
  command.action((names: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => [`rm -r ${quoteShell(`${(await client.info()).stateDir}/images/${name}`)}`],
      act: async (name) => {
        await client.removeImage(name);
        return { image: name };
      },
    });
  });
}

function openArchive(file: string | undefined, context: NetctlContext): AsyncIterable<Buffer> {
  if (file === undefined || file === "-") {
    if (!context.stdin.isTTY) return context.stdin;
    throw new UsageError(
      "Cannot read an archive from the keyboard: a file or a pipe wanted",
      "netctl image import NAME FILE",
    );
  }
  try {
    const fd = openSync(file, "r");
    if (fstatSync(fd).isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    return createReadStream(file, { fd });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = FILE_PROBLEMS[code ?? ""] ?? `the kernel says ${code}`;
    throw new NetdError("IMAGE_ARCHIVE_CORRUPT", `Cannot read archive '${file}': ${why}, a tar or tar.gz wanted`, {
      remedy: "Give the path of an archive, or - for standard input",
      cause: error,
    });
  }
}

const FILE_PROBLEMS: Record<string, string> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a directory",
  EACCES: "this user may not",
};
