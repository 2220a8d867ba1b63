import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { formatCompletion } from "../../../src/netctl/completion-script.ts";
import { createProgram, findCommandName } from "../../../src/netctl/program.ts";
import { recordContext } from "../../support/netctl-context.ts";

const program = createProgram(recordContext(), "all");

function allCommands(parent: Command): Command[] {
  return parent.commands.flatMap((command) => [command, ...allCommands(command)]);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

describe("createProgram", () => {
  test("has the help in test/golden/netctl/help.txt", async () => {
    const helps = [program, ...allCommands(program)].map((command) => {
      const parts: string[] = [];
      command.configureOutput({ writeOut: (text) => parts.push(text), getOutHelpWidth: () => 80 });
      command.outputHelp();
      return `$ ${pathOf(command)} -h\n${parts.join("")}`;
    });
    await expect(helps.join("\n")).toMatchFileSnapshot("../../golden/netctl/help.txt");
  });

  const leaves = allCommands(program).filter((command) => command.commands.length === 0);

  test.each(leaves.map((command) => [pathOf(command), command] as const))("%s has examples", (path, command) => {
    const parts: string[] = [];
    command.configureOutput({ writeOut: (text) => parts.push(text) });
    command.outputHelp();
    expect(parts.join("")).toContain(`Examples:\n  `);
    expect(parts.join("")).toContain(`${path.split(" ")[0]} ${path.split(" ")[1]}`);
  });

  test.each(
    leaves.filter((command) => command.name() !== "completion").map((command) => [pathOf(command), command] as const),
  )("%s takes --json and --show", (_, command) => {
    const flags = command.options.map((option) => option.long);
    expect(flags).toEqual(expect.arrayContaining(["--json", "--show"]));
  });
});

describe("findCommandName", () => {
  test.each([
    [["ps"], "ps"],
    [["--socket", "/s", "ps", "-a"], "ps"],
    [["--socket=/s", "ps"], "ps"],
    [["help", "run"], "run"],
    [["-h"], undefined],
    [[], undefined],
  ])("finds it in %j", (argv, name) => expect(findCommandName(argv)).toBe(name));
});

describe("formatCompletion", () => {
  test.each(["bash", "zsh", "fish"] as const)("gives the script in test/golden for %s", async (shell) => {
    await expect(formatCompletion(shell, program)).toMatchFileSnapshot(`../../golden/netctl/completion.${shell}`);
  });
});
