/** `netctl completion`: scripts for shells. @module */
import { Argument, type Command, Option } from "commander";
import { addExamples } from "../command-options.ts";
import { formatCompletion, type Shell } from "../completion-script.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";

const SHELLS: Shell[] = ["bash", "zsh", "fish"];

/** Define `completion`. Its parent must have all its commands defined. */
export function defineCompletion(command: Command, context: NetctlContext): void {
  command
    .addArgument(new Argument("[shell]").choices(SHELLS))
    .addOption(new Option("--list <kind>", "names of containers, images, networks …").hideHelp())
    .addOption(new Option("--socket <path>").hideHelp());
  addExamples(
    command,
    'eval "$(netctl completion bash)"',
    "netctl completion zsh > ~/.zsh/functions/_netctl",
    "netctl completion fish > ~/.config/fish/completions/netctl.fish",
  );
  command.action(async (shell: Shell | undefined, options: CommonOptions & { list?: string }) => {
    if (options.list !== undefined) {
      const names = await listNames(options.list, options, context);
      context.stdout.write(names.map((name) => `${name}\n`).join(""));
    } else if (shell === undefined) {
      command.error(`missing required argument 'shell': ${SHELLS.join(", ")}`);
    } else {
      context.stdout.write(formatCompletion(shell, command.parent!)); // this one is a command of netctl
    }
  });
}

/** What can be named now. Nothing when netd cannot be asked: a half-typed line is no place for errors. */
async function listNames(kind: string, options: CommonOptions, context: NetctlContext): Promise<string[]> {
  const client = clientOf(options, context);
  try {
    if (kind === "images") return (await client.images()).map((image) => image.name);
    if (kind === "networks") return (await client.networks()).map((network) => network.name);
    if (kind === "volumes") return (await client.volumes()).map((volume) => volume.name);
    if (kind === "acls") return (await client.acls()).map((acl) => acl.name);
    if (kind === "changes") return (await client.pendingChanges()).map((change) => change.id);
    return (await client.listContainers(true)).map((container) => container.name);
  } catch {
    return [];
  }
}
