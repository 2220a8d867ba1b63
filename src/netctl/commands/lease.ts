/** `netctl lease` with its parts. @module */
import { createReadStream } from "node:fs";
import type { Command } from "commander";
import {
  collectLeases,
  importLeases,
  type LeaseDocument,
  type LeaseInfo,
  releaseLease,
  reserveAddress,
} from "../../api/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { forEachTarget } from "../targets.ts";
import { UsageError } from "../usage-error.ts";
import { listLeases } from "./ls.ts";

/** Commands by which all this is done by hand: it is netd's own book, and Linux hears nothing of it. */
const NOTHING: string[] = [];

/** Define `lease`. */
export function defineLease(command: Command, context: NetctlContext): void {
  defineList(command.command("ls").description("list leases and reservations, as netctl ls does"), context);
  defineReserve(command.command("reserve").description("keep an address for the container of a name"), context);
  defineRelease(
    command.command("release").description("end reservations, or leases of containers that are gone"),
    context,
  );
  defineCollect(command.command("collect").description("end the leases of all containers that are gone"), context);
  defineExport(command.command("export").description("print all leases and reservations for an import"), context);
  defineImport(
    command.command("import").description("reserve what another netd exported: all of it, or nothing"),
    context,
  );
}

function defineList(command: Command, context: NetctlContext): void {
  command.option("--stale", "only leases of containers that are gone");
  addCommonOptions(command);
  addExamples(command, "netctl lease ls", "netctl lease ls --stale --json");
  command.action((options: CommonOptions & { stale?: boolean }) => listLeases(options, context));
}

function defineReserve(command: Command, context: NetctlContext): void {
  command
    .argument("<name>", "of the container; there need not be one")
    .argument("<address>", "IPv4 or IPv6")
    .option("--network <network>", "the network of the address", "default");
  addCommonOptions(command);
  addExamples(command, "netctl lease reserve web 172.16.0.80", "netctl run -d --name web busybox httpd -f");
  command.action(async (name: string, address: string, options: CommonOptions & { network: string }) => {
    if (options.show) return printCommands(NOTHING, options, context);
    const reserved = await clientOf(options, context).apply(
      reserveAddress({ name, address, network: options.network }),
    );
    if (options.json) printJson(reserved, context);
    else context.stdout.write(`${reserved.address}\n`);
  });
}

function defineRelease(command: Command, context: NetctlContext): void {
  command
    .argument("<target...>", "an address, or the name that addresses are reserved for")
    .option("--network <network>", "where to look (default: in all networks)");
  addCommonOptions(command);
  addExamples(command, "netctl lease release 172.16.0.80", "netctl lease release web --network lab");
  command.action(async (targets: string[], options: CommonOptions & { network?: string }) => {
    if (options.show) return printCommands(NOTHING, options, context);
    const { network } = options;
    const client = clientOf(options, context);
    const ended = await forEachTarget(targets, context, async (target) => {
      const leases = await client.apply(releaseLease({ target, ...(network === undefined ? {} : { network }) }));
      if (!options.json) printAddresses(leases, context);
      return leases;
    });
    if (options.json) printJson(ended.flat(), context);
  });
}

function defineCollect(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl ls --stale", "netctl lease collect");
  command.action(async (options: CommonOptions) => {
    if (options.show) return printCommands(NOTHING, options, context);
    const ended = await clientOf(options, context).apply(collectLeases());
    if (options.json) printJson(ended, context);
    else printAddresses(ended, context);
  });
}

function defineExport(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl lease export > leases.json");
  command.action(async (options: CommonOptions) => {
    if (options.show) return printCommands(NOTHING, options, context);
    for await (const bytes of await clientOf(options, context).exportLeases()) context.stdout.write(bytes);
  });
}

function defineImport(command: Command, context: NetctlContext): void {
  command.argument("[file]", "what 'netctl lease export' printed; -: standard input", "-");
  addCommonOptions(command);
  addExamples(command, "netctl lease import leases.json", "ssh other netctl lease export | netctl lease import");
  command.action(async (file: string, options: CommonOptions) => {
    if (options.show) return printCommands(NOTHING, options, context);
    const document = parseDocument(await readAll(file === "-" ? context.stdin : createReadStream(file)), file);
    const result = await clientOf(options, context).apply(importLeases(document));
    if (options.json) printJson(result, context);
    else context.stdout.write(`${result.reserved} addresses reserved, ${result.known} known already\n`);
  });
}

function printAddresses(leases: LeaseInfo[], context: NetctlContext): void {
  context.stdout.write(leases.map(({ address }) => `${address}\n`).join(""));
}

async function readAll(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const bytes of stream) parts.push(Buffer.from(bytes));
  return Buffer.concat(parts).toString();
}

/** @throws {UsageError} */
function parseDocument(text: string, file: string): LeaseDocument {
  try {
    return JSON.parse(text) as LeaseDocument;
  } catch {
    throw new UsageError(
      `Cannot import '${file}': it is no JSON, a document wanted`,
      "netctl lease export > leases.json",
    );
  }
}
