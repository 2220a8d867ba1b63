/** `netctl start`. @module */
import type { Command } from "commander";
import type { ApiClient, FrameConnection } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { CapturedStreams } from "../captured-streams.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { addDetachKeys } from "../detach-keys.ts";
import { printJson } from "../output.ts";
import { checkTerminal } from "../raw-terminal.ts";
import { holdSession } from "../session.ts";
import { SignalProxy } from "../signals.ts";
import { actOnTargets } from "../targets.ts";
import { UsageError } from "../usage-error.ts";

interface StartOptions extends CommonOptions {
  attach?: boolean;
  interactive?: boolean;
  detachKeys?: readonly number[];
}

/** Define `start`. */
export function defineStart(command: Command, context: NetctlContext): void {
  command
    .argument("<container...>")
    .option("-a, --attach", "follow its output, and end with its code")
    .option("-i, --interactive", "send it our standard input");
  addCommonOptions(addDetachKeys(command));
  addExamples(command, "netctl start web", "netctl start -ai shell", "netctl start --show web");
  command.action(async (names: string[], options: StartOptions) => {
    const client = clientOf(options, context);
    const [first = "", ...others] = names;
    if ((options.attach || options.interactive) && !options.show) {
      if (others.length === 0) return await startAttached(first, client, options, context);
      throw new UsageError("Cannot start and attach: several containers given, one wanted", `netctl start -a ${first}`);
    }
    return await actOnTargets(names, options, context, {
      show: async (name) => (await client.showChange(name, "start")).commands,
      act: (name) => client.startContainer(name),
    });
  });
}

async function startAttached(
  name: string,
  client: ApiClient,
  options: StartOptions,
  context: NetctlContext,
): Promise<void> {
  const { id, spec } = await client.container(name);
  const hasTty = spec.tty === true;
  const hasStdin = options.interactive === true && spec.stdin === true;
  if (hasStdin) checkTerminal({ tty: hasTty, interactive: true }, context);
  const connection = await startOrJoin(client, id, hasStdin);
  using _signals = hasTty
    ? undefined
    : new SignalProxy(
        (signal) => void client.killContainer(id, signal).catch(() => undefined),
        () => process.exit(1),
      );
  const captured = options.json ? new CapturedStreams(context) : undefined;
  const { detachKeys } = options;
  const end = await holdSession(connection, { hasTty, hasStdin, streams: captured ?? context, detachKeys });
  const exitCode = end.kind === "exited" ? end.exitCode : null;
  context.exitCode = exitCode ?? 0;
  if (captured !== undefined) printJson({ container: name, exitCode, ...captured.texts() }, context);
}

/** Start a container with its first client; one that runs already is joined. */
async function startOrJoin(client: ApiClient, id: string, stdin: boolean): Promise<FrameConnection> {
  try {
    return await client.attachContainer(id, { start: true, stdin });
  } catch (error) {
    if (!(error instanceof NetdError && error.code === "CONTAINER_RUNNING")) throw error;
    return await client.attachContainer(id, { start: false, stdin });
  }
}
