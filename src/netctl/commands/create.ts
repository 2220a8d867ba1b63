/** `netctl create`: a container that waits for its start. @module */
import type { Command } from "commander";
import { checkCidFile, writeCidFile } from "../cid-file.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { completeSpec } from "../complete-spec.ts";
import { addContainerOptions, type ContainerOptions, toContainerSpec } from "../container-options.ts";
import { clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";

/** Define `create`. */
export function defineCreate(command: Command, context: NetctlContext): void {
  command.argument("<image>").argument("[command...]").passThroughOptions();
  addCommonOptions(addContainerOptions(command));
  addExamples(command, "netctl create --name web busybox httpd -f", "netctl start web");
  command.action(async (image: string, argv: string[], options: ContainerOptions) => {
    const client = clientOf(options, context);
    const spec = await completeSpec(toContainerSpec(image, argv, options, context), options, client);
    if (options.show) return printCommands((await client.showContainer(spec)).commands, options, context);
    checkCidFile(options.cidfile);
    const container = await client.createContainer(spec);
    writeCidFile(options.cidfile, container.id);
    if (options.json) printJson(container, context);
    else context.stdout.write(`${container.id}\n`);
  });
}
