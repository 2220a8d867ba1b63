/**
 * One run of netctl, from the command line to the exit code.
 *
 * @module
 */
import { CommanderError } from "commander";
import type { NetctlContext } from "./context.ts";
import { exitCodeOf, formatFailure } from "./exit-code.ts";
import { createProgram, findCommandName } from "./program.ts";
import { UsageError } from "./usage-error.ts";

/** Parse `argv`, do what it says, print what failed. The exit code is in `context`. */
export async function runNetctl(argv: string[], context: NetctlContext): Promise<void> {
  const name = findCommandName(argv);
  const program = createProgram(context, name === "completion" ? "all" : name);
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) {
      // Help that was asked for is an answer; help for want of a command is not.
      context.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    if (error instanceof CommanderError && isLoneHelp(error, argv)) {
      program.commands.find((command) => command.name() === name)?.outputHelp();
      return;
    }
    const failure = error instanceof CommanderError ? explainCommander(error, name) : error;
    context.stderr.write(formatFailure(failure));
    context.exitCode = exitCodeOf(failure, name ?? "");
  }
}

function isHelp(error: CommanderError): boolean {
  return ["commander.helpDisplayed", "commander.help", "commander.version"].includes(error.code);
}

/** Whether `-h` ended the command line of a command where it is an option with a value. */
function isLoneHelp(error: CommanderError, argv: string[]): boolean {
  return error.code === "commander.optionMissingArgument" && argv.at(-1) === "-h";
}

function explainCommander(error: CommanderError, name: string | undefined): UsageError {
  const [message = "", hint] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(hint ?? "")?.[1];
  const isUnknownCommand = error.code === "commander.unknownCommand";
  const help = name === undefined || isUnknownCommand ? "netctl -h" : `netctl ${name} -h`;
  return new UsageError(`Cannot read the command line: ${message}`, suggestion ?? help);
}
