/**
 * What every command's definition shares.
 *
 * @module
 */
import type { Command } from "commander";

/** Add `--json`, `--show` and `--socket`. */
export function addCommonOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON document")
    .option("--show", "print the commands that do the same by hand, and do nothing")
    .option("--socket <path>", "netd's socket (default: $NETD_SOCKET, else /run/netd/netd.sock)");
}

/** Add examples to the end of the help. */
export function addExamples(command: Command, ...examples: string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`);
}

/** Collect the values of an option that may be repeated. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}
