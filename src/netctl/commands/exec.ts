/** `netctl exec`: one more command in a running container. @module */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { ExecSpec } from "../../api/index.ts";
import { CapturedStreams } from "../captured-streams.ts";
import { addCommonOptions, addExamples, collect } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { addDetachKeys } from "../detach-keys.ts";
import { readEnvFile } from "../env-file.ts";
import { printCommands, printJson } from "../output.ts";
import { parseEnv } from "../parse-pairs.ts";
import { checkTerminal, terminalSize } from "../raw-terminal.ts";
import { holdSession } from "../session.ts";
import { quoteShell } from "../shell.ts";

interface ExecOptions extends CommonOptions {
  detach?: boolean;
  interactive?: boolean;
  tty?: boolean;
  env?: string[];
  workdir?: string;
  user?: string;
  envFile?: string[];
  detachKeys?: readonly number[];
}

/** Define `exec`. */
export function defineExec(command: Command, context: NetctlContext): void {
  command.argument("<container>").argument("<command...>").passThroughOptions();
  command
    .option("-i, --interactive", "keep standard input open")
    .option("-t, --tty", "give the command a terminal")
    .option("-d, --detach", "do not wait for it")
    .option("-e, --env <name[=value]>", "set a variable; without a value, take ours", collect)
    .option("--env-file <file>", "set the variables of a file, one NAME=VALUE a line", collect)
    .option("-w, --workdir <dir>", "directory that the command starts in")
    .option("-u, --user <user[:group]>", "user that the command runs as, by name or number");
  addCommonOptions(addDetachKeys(command));
  addExamples(command, "netctl exec web ip address", "netctl exec -it web sh");
  command.action((name: string, argv: string[], options: ExecOptions) => exec(name, argv, options, context));
}

async function exec(name: string, argv: string[], options: ExecOptions, context: NetctlContext): Promise<void> {
  const client = clientOf(options, context);
  if (options.show) {
    const { pid } = await client.container(name);
    const enter = `nsenter --target ${pid ?? "PID"} --all --root --wd=${options.workdir ?? "/"} --`;
    return printCommands([`${enter} ${argv.map(quoteShell).join(" ")}`], options, context);
  }
  if (!options.detach) checkTerminal(options, context);
  const connection = await client.execContainer(name, toExecSpec(argv, options, context));
  if (options.detach) {
    // netd has started it: there is nothing to follow.
    connection.socket.destroy();
    if (options.json) printJson({ container: name, exitCode: null }, context);
    return;
  }
  const captured = options.json ? new CapturedStreams(context) : undefined;
  const end = await holdSession(connection, {
    hasTty: options.tty === true,
    hasStdin: options.interactive === true,
    streams: captured ?? context,
    detachKeys: options.detachKeys,
  });
  context.exitCode = end.kind === "exited" ? end.exitCode : 0;
  if (captured !== undefined) {
    printJson({ container: name, exitCode: end.kind === "exited" ? end.exitCode : null, ...captured.texts() }, context);
  }
}

/** Those of files first, so that one on the command line wins. */
function parseVariables({ env = [], envFile = [] }: ExecOptions, context: NetctlContext): Pick<ExecSpec, "env"> {
  const lines = envFile.flatMap((file) => readEnvFile(resolve(context.workdir, file)));
  const variables = parseEnv([...lines, ...env], context.env);
  return variables.length === 0 ? {} : { env: variables };
}

function toExecSpec(argv: string[], options: ExecOptions, context: NetctlContext): ExecSpec {
  return {
    command: argv,
    ...parseVariables(options, context),
    ...(options.workdir !== undefined && { workdir: options.workdir }),
    ...(options.user !== undefined && { user: options.user }),
    ...(options.tty && { tty: true, ...terminalSize(context.stdout) }),
    ...(options.interactive && { stdin: true }),
    ...(options.detach && { detach: true }),
  };
}
