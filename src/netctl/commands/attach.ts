/** `netctl attach`. @module */
import type { Command } from "commander";
import { CapturedStreams } from "../captured-streams.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { addDetachKeys } from "../detach-keys.ts";
import { printCommands, printJson } from "../output.ts";
import { holdSession } from "../session.ts";
import { addSigProxy, isProxyingSignals, type SigProxyOptions } from "../sig-proxy.ts";
import { SignalProxy } from "../signals.ts";

interface AttachOptions extends CommonOptions, SigProxyOptions {
  /** False with `--no-stdin`. */
  stdin: boolean;
  detachKeys?: readonly number[];
}

/** Define `attach`. */
export function defineAttach(command: Command, context: NetctlContext): void {
  command.argument("<container>").option("--no-stdin", "only look, do not type");
  addCommonOptions(addSigProxy(addDetachKeys(command)));
  addExamples(command, "netctl attach web", "netctl attach --no-stdin web", "netctl attach --detach-keys ctrl-a,d web");
  command.addHelpText(
    "after",
    "\nctrl-p ctrl-q, or the keys of --detach-keys, leave a container that has a terminal, without ending it.",
  );
  command.action(async (name: string, options: AttachOptions) => {
    const client = clientOf(options, context);
    const { id, spec, files } = await client.container(name);
    if (options.show) return printCommands([`tail -n +1 -f ${files.log}`], options, context);
    const hasStdin = spec.stdin === true && options.stdin;
    const connection = await client.attachContainer(id, { start: false, stdin: hasStdin });
    using _signals =
      spec.tty || !isProxyingSignals(options)
        ? undefined
        : new SignalProxy(
            (signal) => void client.killContainer(id, signal).catch(() => undefined),
            () => process.exit(1),
          );
    const captured = options.json ? new CapturedStreams(context) : undefined;
    const end = await holdSession(connection, {
      ...{ hasTty: spec.tty === true, hasStdin, streams: captured ?? context },
      ...{ detachKeys: options.detachKeys, isLate: true },
    });
    context.exitCode = end.kind === "exited" ? end.exitCode : 0;
    if (captured !== undefined) {
      printJson(
        { container: name, exitCode: end.kind === "exited" ? end.exitCode : null, ...captured.texts() },
        context,
      );
    }
  });
}
