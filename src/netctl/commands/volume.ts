/** `netctl volume` with its parts. @module */
import type { Command } from "commander";
import type { VolumeInfo } from "../../api/index.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { confirm } from "../confirm.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { parseLabels } from "../parse-pairs.ts";
import { formatSize } from "../parse-size.ts";
import { quoteShell } from "../shell.ts";
import { formatTable } from "../table.ts";
import { actOnTargets, forEachTarget } from "../targets.ts";
import { UsageError } from "../usage-error.ts";

const HEADINGS = ["DRIVER", "VOLUME NAME"];

/** Define `volume`. */
export function defineVolume(command: Command, context: NetctlContext): void {
  defineCreate(command.command("create").description("create a volume"), context);
  defineList(command.command("ls").description("list volumes"), context);
  defineInspect(command.command("inspect").description("tell all about volumes"), context);
  defineRemove(command.command("rm").description("remove volumes"), context);
  definePrune(command.command("prune").description("remove volumes that no container has"), context);
}

function defineCreate(command: Command, context: NetctlContext): void {
  command
    .argument("[name]", "its name (default: 64 digits)")
    .option("-l, --label <name[=value]>", "attach a label", collect)
    .option("-d, --driver <driver>", "local is the one", refuseDriver);
  addCommonOptions(command);
  addExamples(command, "netctl volume create data", "netctl run -v data:/data busybox ls /data");
  command.action(async (name: string | undefined, options: CommonOptions & { label?: string[] }) => {
    const client = clientOf(options, context);
    if (options.show) {
      const { stateDir } = await client.info();
      return printCommands([`mkdir -p ${quoteShell(`${stateDir}/volumes/${name ?? "NAME"}/_data`)}`], options, context);
    }
    const volume = await client.createVolume({
      ...(name === undefined ? {} : { name }),
      ...(options.label === undefined ? {} : { labels: parseLabels(options.label) }),
    });
    if (options.json) printJson(volume, context);
    else context.stdout.write(`${volume.name}\n`);
  });
}

function defineList(command: Command, context: NetctlContext): void {
  command
    .option("-q, --quiet", "only names")
    .option("-f, --filter <key=value>", "only those with name=PART, label=NAME[=VALUE], dangling=true|false", collect);
  addCommonOptions(command);
  addExamples(command, "netctl volume ls", "netctl volume ls -q --filter dangling=true");
  command.action(async (options: CommonOptions & { quiet?: boolean; filter?: string[] }) => {
    const client = clientOf(options, context);
    if (options.show) {
      return printCommands([`ls ${quoteShell(`${(await client.info()).stateDir}/volumes`)}`], options, context);
    }
    const filters = (options.filter ?? []).map(parseFilter);
    const volumes = (await client.volumes()).filter((volume) => filters.every((fits) => fits(volume)));
    if (options.json) return printJson(volumes, context);
    if (options.quiet) context.stdout.write(volumes.map(({ name }) => `${name}\n`).join(""));
    else
      context.stdout.write(
        formatTable(
          HEADINGS,
          volumes.map(({ driver, name }) => [driver, name]),
        ),
      );
  });
}

function defineInspect(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<volume...>"));
  addExamples(command, "netctl volume inspect data");
  command.action(async (names: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    const volumes = await forEachTarget(names, context, (name) => client.volume(name));
    if (!options.show) return printJson(volumes, context);
    printCommands(
      volumes.map(({ mountpoint }) => `ls -la ${quoteShell(mountpoint)}`),
      options,
      context,
    );
  });
}

function defineRemove(command: Command, context: NetctlContext): void {
  command.argument("<volume...>").option("-f, --force", "say nothing of those that are not there");
  addCommonOptions(command);
  addExamples(command, "netctl volume rm data");
  command.action((names: string[], options: CommonOptions & { force?: boolean }) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => [`rm -r ${quoteShell(`${(await client.info()).stateDir}/volumes/${name}`)}`],
      act: async (name) => {
        await client.removeVolume(name).catch((error: unknown) => {
          const isGone = (error as { code?: string }).code === "VOLUME_UNKNOWN";
          if (options.force !== true || !isGone) throw error;
        });
        return { volume: name };
      },
    });
  });
}

function definePrune(command: Command, context: NetctlContext): void {
  command.option("-a, --all", "named ones too").option("-f, --force", "do not ask");
  addCommonOptions(command);
  addExamples(command, "netctl volume prune -f", "netctl volume prune --all");
  command.action(async (options: CommonOptions & { all?: boolean; force?: boolean }) => {
    const client = clientOf(options, context);
    const hasAll = options.all === true;
    if (options.show) {
      const unused = (await client.volumes()).filter(
        ({ containers, anonymous }) => containers.length === 0 && (hasAll || anonymous),
      );
      const { stateDir } = await client.info();
      const commands = unused.map(({ name }) => `rm -r ${quoteShell(`${stateDir}/volumes/${name}`)}`);
      return printCommands(commands, options, context);
    }
    const kind = hasAll ? "volumes" : "anonymous volumes";
    const question = `WARNING! This will remove ${kind} that no container has.\nAre you sure you want to continue? [y/N] `;
    if (options.force !== true && !(await confirm(question, context))) return;
    const { volumes, reclaimedBytes } = await client.pruneVolumes(hasAll);
    if (options.json) return printJson({ volumes, reclaimedBytes }, context);
    if (volumes.length > 0) context.stdout.write(`Deleted Volumes:\n${volumes.map((name) => `${name}\n`).join("")}\n`);
    context.stdout.write(`Total reclaimed space: ${formatSize(reclaimedBytes)}\n`);
  });
}

/** Make the test that a filter is. @throws {UsageError} */
function parseFilter(text: string): (volume: VolumeInfo) => boolean {
  const [key = ""] = text.split("=", 1);
  const value = text.slice(key.length + 1);
  if (key === "name") return ({ name }) => name.includes(value);
  if (key === "dangling" && /^(true|false|1|0)$/.test(value)) {
    return ({ containers }) => (containers.length === 0) === (value === "true" || value === "1");
  }
  if (key === "driver") return ({ driver }) => driver === value;
  if (key === "label" && value !== "") {
    const [name = ""] = value.split("=", 1);
    const wanted = value.includes("=") ? value.slice(name.length + 1) : undefined;
    return ({ labels }) => Object.hasOwn(labels, name) && (wanted === undefined || labels[name] === wanted);
  }
  throw new UsageError(
    `Cannot filter by '${text}': name=, label=, driver= or dangling=true|false wanted`,
    "netctl volume ls --filter dangling=true",
  );
}

function refuseDriver(driver: string): string {
  if (driver === "local") return driver;
  throw new UsageError(`Cannot use volume driver '${driver}': netd has only 'local'`, "leave --driver out");
}
