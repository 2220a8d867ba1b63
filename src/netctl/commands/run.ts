/** `netctl run`: create, start, and follow to the end. @module */
import { constants } from "node:os";
import { Writable } from "node:stream";
import type { Command } from "commander";
import type { ApiClient, ContainerInfo, FrameConnection } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { CapturedStreams } from "../captured-streams.ts";
import { checkCidFile, removeCidFile, writeCidFile } from "../cid-file.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { completeSpec } from "../complete-spec.ts";
import { addContainerOptions, type ContainerOptions, toContainerSpec } from "../container-options.ts";
import { clientOf, type NetctlContext } from "../context.ts";
import { addDetachKeys } from "../detach-keys.ts";
import { printCommands, printJson } from "../output.ts";
import { checkTerminal } from "../raw-terminal.ts";
import { holdSession, type SessionStreams } from "../session.ts";
import { addSigProxy, isProxyingSignals, type SigProxyOptions } from "../sig-proxy.ts";
import { SignalProxy } from "../signals.ts";
import { UsageError } from "../usage-error.ts";

interface RunOptions extends ContainerOptions, SigProxyOptions {
  detach?: boolean;
  detachKeys?: readonly number[];
  attach?: string[];
}

/** Define `run`. */
export function defineRun(command: Command, context: NetctlContext): void {
  command.argument("<image>").argument("[command...]").passThroughOptions();
  command
    .option("-d, --detach", "leave it running and print its id")
    .option("-a, --attach <stream>", "attach to stdin, stdout or stderr only", collectStreams);
  addSigProxy(addDetachKeys(command));
  addCommonOptions(addContainerOptions(command));
  addExamples(
    command,
    "netctl run --rm busybox ping -c 3 www.example.net",
    "netctl run -it --rm busybox sh",
    "netctl run -d --name web -v ./site:/www:ro busybox httpd -f -h /www",
    "netctl run --show --name web busybox",
  );
  command.action((image: string, argv: string[], options: RunOptions) => run(image, argv, options, context));
}

async function run(image: string, argv: string[], options: RunOptions, context: NetctlContext): Promise<void> {
  const client = clientOf(options, context);
  const spec = await completeSpec(toContainerSpec(image, argv, options, context), options, client);
  if (options.show) return printCommands((await client.showContainer(spec)).commands, options, context);
  if (options.detach && options.attach !== undefined) {
    throw new UsageError(
      "Cannot attach to a container that is left running: -a and -d exclude each other",
      "leave one out",
    );
  }
  if (!options.detach) checkTerminal(options, context);

  let sendSignal: ((signal: string) => void) | undefined;
  let earlySignal: string | undefined;
  using _signals = new SignalProxy(
    (signal) => {
      earlySignal ??= signal;
      sendSignal?.(signal);
    },
    () => process.exit(128 + constants.signals.SIGINT),
  );
  checkCidFile(options.cidfile);
  const container = await client.createContainer(spec);
  try {
    writeCidFile(options.cidfile, container.id);
  } catch (error) {
    await removeQuietly(client, container.id);
    throw error;
  }
  if (earlySignal !== undefined) {
    await client.removeContainer(container.id, { force: true });
    context.exitCode = 128 + constants.signals[earlySignal as NodeJS.Signals];
    return;
  }
  const started = await start(client, container, options);
  // Until now a signal was for the making of the container.
  if (!isProxyingSignals(options)) _signals[Symbol.dispose]();
  sendSignal = (signal) => void client.killContainer(container.id, signal).catch(() => undefined);
  if (earlySignal !== undefined) sendSignal(earlySignal);
  if ("socket" in started) await follow(started, container, options, context);
  else if (options.json) printJson(started, context);
  else context.stdout.write(`${container.id}\n`);
}

/** Start a new container, attached unless `-d`. One that cannot start is removed again: nobody asked for an empty shell. */
async function start(
  client: ApiClient,
  container: ContainerInfo,
  options: RunOptions,
): Promise<ContainerInfo | FrameConnection> {
  try {
    if (options.detach) return await client.startContainer(container.id);
    return await client.attachContainer(container.id, { start: true, stdin: sendsStdin(options) });
  } catch (error) {
    await removeQuietly(client, container.id);
    removeCidFile(options.cidfile);
    throw error;
  }
}

async function follow(
  connection: FrameConnection,
  container: ContainerInfo,
  options: RunOptions,
  context: NetctlContext,
): Promise<void> {
  const captured = options.json ? new CapturedStreams(context) : undefined;
  const end = await holdSession(connection, {
    hasTty: options.tty === true,
    hasStdin: sendsStdin(options),
    streams: onlyAttached(captured ?? context, options.attach),
    detachKeys: options.detachKeys,
  });
  context.exitCode = end.kind === "exited" ? end.exitCode : 0;
  if (captured !== undefined) {
    const exitCode = end.kind === "exited" ? end.exitCode : null;
    printJson({ id: container.id, name: container.name, exitCode, ...captured.texts() }, context);
  }
}

/** Standard input is sent when the container has one, and it is among those asked for, if any are. */
function sendsStdin({ interactive, attach }: RunOptions): boolean {
  return interactive === true && (attach === undefined || attach.includes("stdin"));
}

/** The same streams, with nowhere for the output that was not asked for. */
function onlyAttached(streams: SessionStreams, attach: string[] | undefined): SessionStreams {
  if (attach === undefined) return streams;
  const nowhere = () => new Writable({ write: (_bytes, _encoding, done) => done() });
  return {
    get stdin() {
      return streams.stdin;
    },
    stdout: attach.includes("stdout") ? streams.stdout : nowhere(),
    stderr: attach.includes("stderr") ? streams.stderr : nowhere(),
  };
}

function collectStreams(text: string, earlier: string[] = []): string[] {
  const name = text.toLowerCase();
  if (["stdin", "stdout", "stderr"].includes(name)) return [...earlier, name];
  throw new UsageError(`Cannot attach to '${text}': stdin, stdout or stderr wanted`, "-a stdout");
}

async function removeQuietly(client: ApiClient, id: string): Promise<void> {
  try {
    await client.removeContainer(id, { force: true });
  } catch (error) {
    // Gone already, with --rm; anything else is less telling than why it did not start.
    if (!(error instanceof NetdError)) throw error;
  }
}
