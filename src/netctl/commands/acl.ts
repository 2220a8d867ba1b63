/** `netctl acl` with its parts. @module */
import type { Command } from "commander";
import { type AclSpec, addAcl, removeAcl } from "../../api/index.ts";
import { carryOut } from "../carry-out.ts";
import { checkName } from "../check-name.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { integerParser } from "../parse-number.ts";
import { formatTable } from "../table.ts";
import { actOnTargets } from "../targets.ts";
import { UsageError } from "../usage-error.ts";

interface AddOptions extends CommonOptions {
  protocol?: AclSpec["protocol"];
  port?: string[];
  position?: number;
}

const HEADINGS = ["POSITION", "NAME", "ACTION", "FROM", "TO", "PROTOCOL", "PORTS"];
const ADD_EXAMPLE = "netctl acl add db-only deny any container:db";

/** Define `acl`. */
export function defineAcl(command: Command, context: NetctlContext): void {
  defineAdd(command.command("add").description("add an access rule"), context);
  defineList(command.command("ls").description("list the access rules; the first that matches decides"), context);
  defineRemove(command.command("rm").description("remove access rules"), context);
}

function defineAdd(command: Command, context: NetctlContext): void {
  command
    .argument("<name>")
    .argument("<action>", "allow or deny", parseAction)
    .argument(
      "<from>",
      "who opens the connection: any, container:NAME, label:KEY=VALUE, network:NAME, cidr:CIDR",
      parseSide,
    )
    .argument("<to>", "whom it is opened to, in the same words", parseSide)
    .option("--protocol <protocol>", "only tcp, udp, sctp or icmp", parseProtocol)
    .option("--port <ports>", "only to these ports: 80, 8000-8009, 80,443", collectPorts)
    .option(
      "--position <number>",
      "its place among the rules, from 1 (default: the last)",
      integerParser("--position", 1),
    );
  addCommonOptions(command);
  addExamples(
    command,
    "netctl acl add web-db allow label:app=web container:db --protocol tcp --port 5432",
    "netctl acl add db-only deny any container:db",
    "netctl acl add no-printer deny network:lab cidr:192.0.2.0/24 --position 1",
  );
  command.action(async (name: string, action: AclSpec["action"], from: string, to: string, options: AddOptions) => {
    checkName("rule", name);
    const { protocol, port, position } = options;
    if (port !== undefined && (protocol === undefined || protocol === "icmp")) {
      throw new UsageError(
        `Cannot add rule '${name}' with --port: ${protocol ?? "any protocol"} has no ports, tcp, udp or sctp wanted`,
        "--protocol tcp --port 80",
      );
    }
    const change = addAcl({
      ...{ name, action, from, to },
      ...(protocol === undefined ? {} : { protocol }),
      ...(port === undefined ? {} : { ports: port }),
      ...(position === undefined ? {} : { position }),
    });
    const acl = await carryOut(clientOf(options, context), change, options, context);
    if (acl === undefined) return;
    if (options.json) printJson(acl, context);
    else context.stdout.write(`${acl.name}\n`);
  });
}

function defineList(command: Command, context: NetctlContext): void {
  addCommonOptions(command);
  addExamples(command, "netctl acl ls");
  command.action(async (options: CommonOptions) => {
    if (options.show) return printCommands(["nft list table inet netd"], options, context);
    const acls = await clientOf(options, context).acls();
    if (options.json) return printJson(acls, context);
    const rows = acls.map(({ name, action, from, to, protocol = "any", ports = [] }, index) => [
      ...[String(index + 1), name, action, from, to, protocol],
      ports.join(",") || "any",
    ]);
    context.stdout.write(formatTable(HEADINGS, rows));
  });
}

function defineRemove(command: Command, context: NetctlContext): void {
  addCommonOptions(command.argument("<acl...>"));
  addExamples(command, "netctl acl rm db-only");
  command.action((names: string[], options: CommonOptions) => {
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.show(removeAcl(name))).commands,
      act: async (name) => {
        await client.apply(removeAcl(name));
        return { acl: name };
      },
    });
  });
}

function parseAction(text: string): string {
  if (text === "allow" || text === "deny") return text;
  throw new UsageError(`Cannot read action '${text}': allow or deny wanted`, ADD_EXAMPLE);
}

function parseSide(text: string): string {
  if (/^(any|(container|network|cidr):.+|label:[^=]+(=.*)?)$/.test(text)) return text;
  const wanted = "any, container:NAME, label:KEY=VALUE, network:NAME or cidr:CIDR wanted";
  throw new UsageError(`Cannot read '${text}': ${wanted}`, ADD_EXAMPLE);
}

function parseProtocol(text: string): string {
  if (["tcp", "udp", "sctp", "icmp"].includes(text)) return text;
  throw new UsageError(`Cannot read --protocol '${text}': tcp, udp, sctp or icmp wanted`, "--protocol tcp");
}

function collectPorts(text: string, earlier: string[] = []): string[] {
  const ports = text.split(",");
  const isWrong = ports.some((port) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(port) ?? [];
    return !(Number(first) >= 1 && Number(first) <= Number(last) && Number(last) <= 65_535);
  });
  if (!isWrong) return [...earlier, ...ports];
  throw new UsageError(`Cannot read --port '${text}': ports such as 80, 8000-8009 wanted`, "--port 80,443");
}
