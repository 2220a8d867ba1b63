/**
 * Options that are yes or no, written as docker's users do: `--internal`, `--internal=true`, `--internal=false`.
 *
 * @module
 */
import { type Command, Option } from "commander";

/** Add such an option. commander knows no value that is optional and must be joined with `=`, so each form is an option of its own. */
export function addSwitch(command: Command, flags: string, description: string): Command {
  const option = new Option(flags, description);
  command.addOption(option);
  for (const value of [true, false]) {
    const joined = new Option(`${option.long}=${value}`).hideHelp();
    command.addOption(joined);
    command.on(`option:${joined.name()}`, () => command.setOptionValue(option.attributeName(), value));
  }
  return command;
}
