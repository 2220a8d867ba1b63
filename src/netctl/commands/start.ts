/** `netctl start`. @module */
import type { Command } from "commander";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { holdSession } from "../session.ts";
import { SignalProxy } from "../signals.ts";
import { actOnTargets } from "../targets.ts";
import { UsageError } from "../usage-error.ts";

interface StartOptions extends CommonOptions {
  attach?: boolean;
  interactive?: boolean;
}

/** Define `start`. */
export function defineStart(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option("-a, --attach", "follow its output to its end, and exit with its code")
    .option("-i, --interactive", "the same, and send it our standard input");
  addCommonOptions(command);
  addExamples(command, "netctl start web", "netctl start -ai job", "netctl start --show web");
  command.action((names: string[], options: StartOptions) => {
    if ((options.attach || options.interactive) && !options.show) return startAttached(names, options, context);
    const client = clientOf(options, context);
    return actOnTargets(names, options, context, {
      show: async (name) => (await client.showChange(name, "start")).commands,
      act: (name) => client.startContainer(name),
    });
  });
}

async function startAttached(names: string[], options: StartOptions, context: NetctlContext): Promise<void> {
  const [name = "", ...more] = names;
  if (more.length > 0 || options.json) {
    const [state, wanted] = more.length > 0 ? ["several containers", "one"] : ["--json", "text"];
    throw new UsageError(`Cannot start and attach: ${state} given, ${wanted} wanted`, `netctl start -a ${name}`);
  }
  const client = clientOf(options, context);
  const { id, spec } = await client.container(name);
  const hasStdin = options.interactive === true && spec.stdin === true;
  const connection = await client.attachContainer(id, { start: true, stdin: hasStdin });
  using _signals = spec.tty
    ? undefined
    : new SignalProxy(
        (signal) => void client.killContainer(id, signal).catch(() => undefined),
        () => process.exit(1),
      );
  const end = await holdSession(connection, { hasTty: spec.tty === true, hasStdin, streams: context });
  context.exitCode = end.kind === "exited" ? end.exitCode : 0;
}
