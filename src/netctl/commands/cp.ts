/** `netctl cp`. @module */
import { lstatSync, type Stats, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Command } from "commander";
import type { ApiClient } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { type CopyEnd, type CopyPlace, parseCopyEnd, planCopy } from "../copy-plan.ts";
import { printCommands, printJson } from "../output.ts";
import { quoteShell } from "../shell.ts";
import { UsageError } from "../usage-error.ts";

interface CopyOptions extends CommonOptions {
  archive?: boolean;
  followLink?: boolean;
  quiet?: boolean;
}

/** Define `cp`. */
export function defineCp(command: Command, context: NetctlContext): void {
  command
    .argument("<source>", "CONTAINER:PATH, a path here, or - for a tar on standard input")
    .argument("<target>", "the same; - writes a tar to standard output")
    .option("-a, --archive", "keep owners")
    .option("-L, --follow-link", "copy what a link points to")
    .option("-q, --quiet", "say nothing of what was done");
  addCommonOptions(command);
  addExamples(
    command,
    "netctl cp web:/etc/hosts .",
    "netctl cp site/. web:/www",
    "netctl cp web:/var/log - | tar -t",
    "tar -c site | netctl cp - web:/srv",
  );
  command.action(async (source: string, target: string, options: CopyOptions) => {
    const client = clientOf(options, context);
    const from = parseCopyEnd(source);
    const to = parseCopyEnd(target);
    if ((from.container === undefined) === (to.container === undefined)) {
      throw new UsageError("Cannot copy: one of the two is in a container", "netctl cp web:/etc/hosts .");
    }
    if (options.show) return printCommands(await showCopy(client, from, to), options, context);
    if (from.container !== undefined)
      await copyOut(client, { ...from, container: from.container }, to, options, context);
    else await copyIn(client, from, { ...to, container: to.container! }, options, context); // one of them has it
    if (options.json) printJson({ source, target }, context);
  });
}

type ContainerEnd = CopyEnd & { container: string };

async function copyOut(
  client: ApiClient,
  from: ContainerEnd,
  to: CopyEnd,
  options: CopyOptions,
  context: NetctlContext,
): Promise<void> {
  const follow = options.followLink === true;
  if (to.path === "-") {
    for await (const bytes of await client.readArchive(from.container, { path: from.path, follow })) {
      context.stdout.write(bytes);
    }
    return;
  }
  const path = resolve(context.workdir, to.path);
  const status = statOrNone(path);
  const source = await client.statFile(from.container, from.path, follow || from.path.endsWith("/"));
  const plan = planCopy(
    { path: from.path, isDirectory: source.type === "directory" },
    { path: keepSlash(path, to.path), ...kindOf(status), hasParent: statOrNone(dirname(path))?.isDirectory() === true },
  );
  const { unpackHere } = await import("../copy-archive.ts");
  const archive = await client.readArchive(from.container, { path: from.path, name: plan.name, follow });
  await unpackHere(archive, plan.directory, { keepsOwners: options.archive === true });
}

async function copyIn(
  client: ApiClient,
  from: CopyEnd,
  to: ContainerEnd,
  options: CopyOptions,
  context: NetctlContext,
): Promise<void> {
  if (from.path === "-") {
    await client.writeArchive(to.container, to.path, context.stdin);
    return;
  }
  const path = resolve(context.workdir, from.path);
  const follows = options.followLink === true || from.path.endsWith("/");
  const status = follows ? statOrNone(path) : lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) {
    throw new NetdError("PATH_MISSING", `Cannot copy '${from.path}': there is no such file or directory`, {
      remedy: "Give a path that exists",
    });
  }
  const target = await placeIn(client, to);
  const plan = planCopy({ path: keepSlash(path, from.path), isDirectory: status.isDirectory() }, target);
  const { packHere } = await import("../copy-archive.ts");
  const archive = packHere(path, plan.name, { keepsOwners: options.archive === true, follows });
  await client.writeArchive(to.container, plan.directory, archive);
}

/** What is where a copy goes to in a container. */
async function placeIn(client: ApiClient, { container, path }: ContainerEnd): Promise<CopyPlace> {
  const typeOf = async (at: string): Promise<string | undefined> => {
    try {
      return (await client.statFile(container, at, true)).type;
    } catch (error) {
      if (error instanceof NetdError && error.code === "PATH_MISSING") return undefined;
      throw error;
    }
  };
  const type = await typeOf(path);
  const hasParent = type !== undefined || (await typeOf(dirname(path))) === "directory";
  return { path, exists: type !== undefined, isDirectory: type === "directory", hasParent };
}

function statOrNone(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function kindOf(status: Stats | undefined): { exists: boolean; isDirectory: boolean } {
  return { exists: status !== undefined, isDirectory: status?.isDirectory() === true };
}

/** What `resolve` takes away at the end of a path means something here. */
function keepSlash(resolved: string, given: string): string {
  if (/(^|\/)\.$/.test(given)) return `${resolved}/.`;
  return given.endsWith("/") && resolved !== "/" ? `${resolved}/` : resolved;
}

/** By hand it works while the container runs. */
async function showCopy(client: ApiClient, from: CopyEnd, to: CopyEnd): Promise<string[]> {
  const { pid } = await client.container(from.container ?? to.container ?? "");
  const root = `/proc/${pid ?? "PID"}/root`;
  if (from.container !== undefined) {
    const parent = quoteShell(root + dirname(from.path));
    return [`tar -C ${parent} -c ${quoteShell(basename(from.path) || ".")} | tar -C ${quoteShell(to.path)} -x`];
  }
  return [
    `tar -C ${quoteShell(dirname(from.path))} -c ${quoteShell(basename(from.path))} | tar -C ${quoteShell(root + to.path)} -x`,
  ];
}
