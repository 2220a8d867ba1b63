/**
 * One run of netctl, from the command line to the exit code.
 *
 * @module
 */
import { type Command, CommanderError } from "commander";
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
    const failure = error instanceof CommanderError ? explainCommander(error, findPath(program, argv)) : error;
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

/** The command that was meant, such as `net create`, as far as there is one. */
function findPath(program: Command, argv: string[]): string {
  const words: string[] = [];
  let parent: Command = program;
  for (const word of argv.filter((each) => !each.startsWith("-"))) {
    const found = parent.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (found === undefined) {
      if (parent === program) continue;
      break;
    }
    words.push(found.name());
    parent = found;
  }
  return words.join(" ");
}

function explainCommander(error: CommanderError, path: string): UsageError {
  const [message = "", hint] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(hint ?? "")?.[1];
  const help = `netctl ${path} -h`.replace("  ", " ");
  return new UsageError(`Cannot read the command line: ${message}`, suggestion ?? help);
}
