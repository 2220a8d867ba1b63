/** `netctl publish` and `netctl unpublish`. @module */
import type { Command } from "commander";
import { type PublishedPorts, publishPorts, unpublishPorts } from "../../api/index.ts";
import { carryOut } from "../carry-out.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { addConfirmOption, type ConfirmOptions, followPending, toConfirmSeconds } from "../confirm-change.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { formatPortLine, listPorts } from "../format-ports.ts";
import { printJson } from "../output.ts";
import { parsePublished } from "../port-options.ts";

const PORT = "[address:][host[-end]:]port[-end][/protocol]";

/** Define `publish`. */
export function definePublish(command: Command, context: NetctlContext): void {
  command.argument("<container>").argument("<port...>", PORT);
  addConfirmOption(command);
  addCommonOptions(command);
  addExamples(
    command,
    "netctl publish web 8080:80                     at 127.0.0.1: for this host only",
    "netctl publish web 0.0.0.0:8080:80             to the world, by IPv4",
    "netctl publish web '[::]:8080:80' --confirm 60s",
    "netctl publish dns 192.0.2.1:53:53/udp 192.0.2.1:53:53/tcp",
    "netctl publish web dev=eth0:8080:80            to whom comes in by eth0",
  );
  command.action(async (container: string, texts: string[], options: CommonOptions & ConfirmOptions) => {
    const ports = texts.map(parsePublished);
    const client = clientOf(options, context);
    const change = publishPorts(container, { ports, ...toConfirmSeconds(options) });
    const answer = await carryOut(client, change, options, context);
    if (answer === undefined) return;
    printPorts(answer, options, context);
    await followPending(answer.pending, { client, options, context });
  });
}

/** Define `unpublish`. */
export function defineUnpublish(command: Command, context: NetctlContext): void {
  command.argument("<container>").argument("<port...>", `${PORT}, or port[/protocol] alone: however it is published`);
  addCommonOptions(command);
  addExamples(
    command,
    "netctl unpublish web 80",
    "netctl unpublish web 0.0.0.0:8080:80",
    "netctl unpublish --show web 80",
  );
  command.action(async (container: string, texts: string[], options: CommonOptions) => {
    const ports = texts.map(parsePublished);
    const answer = await carryOut(clientOf(options, context), unpublishPorts(container, { ports }), options, context);
    if (answer !== undefined) printPorts(answer, options, context);
  });
}

function printPorts(answer: PublishedPorts, options: CommonOptions, context: NetctlContext): void {
  if (options.json) printJson(answer, context);
  else context.stdout.write(listPorts(answer.ports).map(formatPortLine).join(""));
}
