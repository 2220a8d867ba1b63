/** `netctl port`. @module */
import type { Command } from "commander";
import { NetdError } from "../../errors.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { formatPortLine, listPorts } from "../format-ports.ts";
import { printCommands, printJson } from "../output.ts";
import { parseExposed } from "../port-options.ts";

/** Define `port`. */
export function definePort(command: Command, context: NetctlContext): void {
  command.argument("<container>").argument("[port]", "only this port of the container: 80, 53/udp");
  addCommonOptions(command);
  addExamples(command, "netctl port web", "netctl port web 80", "netctl port dns 53/udp");
  command.action(async (name: string, port: string | undefined, options: CommonOptions) => {
    const target = port === undefined ? undefined : parseExposed(port);
    if (options.show) return printCommands(["nft list table inet netd"], options, context);
    const container = await clientOf(options, context).container(name);
    const lines = listPorts(container.ports ?? []).filter((line) => target === undefined || line.target === target);
    if (target !== undefined && lines.length === 0) {
      throw new NetdError(
        "API_REQUEST_INVALID",
        `Cannot tell where port ${target} of container '${container.name}' is published: it is not`,
        { remedy: `netctl publish ${container.name} ${target}` },
      );
    }
    if (options.json) return printJson(lines, context);
    context.stdout.write(
      lines.map((line) => (target === undefined ? formatPortLine(line) : `${line.host}\n`)).join(""),
    );
  });
}
