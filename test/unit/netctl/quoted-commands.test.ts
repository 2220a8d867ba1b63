import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "../../../src/netctl/program.ts";
import { recordContext } from "../../support/netctl-context.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const FILES = [...listFiles("src", ".ts"), "README.md", ...listFiles("docs", ".md"), ...listFiles("examples", ".md")];

/** Commands in quotes, backquotes or lines of their own, with `X` for what is filled in. */
const QUOTED = /(?<!Usage: )(?:['`"]|^ {4})netctl ((?:[^'`"\n\\$|]|\$\{[^}]*\})+)/gm;
/** A word that a reader replaces: NAME, <name>, [name], X. */
const PLACEHOLDER = /^([A-Z]+|<.*>|\[.*\]|…)$/;

const program = createProgram(recordContext(), "all");

interface QuotedCommand {
  file: string;
  words: string[];
}

function listFiles(folder: string, ending: string): string[] {
  return readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function quotedCommands(): QuotedCommand[] {
  return FILES.flatMap((file) => {
    const text = readFileSync(`${ROOT}/${file}`, "utf8");
    return [...text.matchAll(QUOTED)].map(([, line = ""]) => ({
      file,
      words: line
        .replaceAll(/\$\{[^}]*\}/g, "X")
        // What is behind two blanks explains it.
        .replace(/ {2,}.*$/, "")
        .trim()
        .split(" "),
    }));
  });
}

/** Say what is wrong with a command line, as far as names of commands and options go; undefined when nothing is. */
function faultOf(words: string[]): string | undefined {
  let command: Command = program;
  for (const [index, word] of words.entries()) {
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next !== undefined) command = next;
    else if (word.startsWith("-")) {
      const flag = word.replace(/=.*/, "").replace(/[.,;:)\]]+$/, "");
      // What is behind a container, an image or -- belongs to the program inside.
      if (word === "--" || word === "-") return undefined;
      const isKnown = command.options.some(({ short, long }) => short === flag || long === flag || long === word);
      const isHelp = ["-h", "--help"].includes(flag);
      const isCombined = /^-[a-z]{2,}$/.test(flag) && command.options.some(({ short }) => short === flag.slice(0, 2));
      if (!isKnown && !isHelp && !isCombined && !isInside(command, words.slice(0, index)))
        return `${command.name()} has no ${word}`;
    } else if (command.commands.length > 0 && !PLACEHOLDER.test(word)) {
      return `${command.name()} has no command '${word}'`;
    }
  }
  return undefined;
}

/** Whether the words name an image or a container already, behind which all belongs to the program inside. */
function isInside(command: Command, words: string[]): boolean {
  const isPassedOn = ["run", "create", "exec", "top", "sandbox"].includes(command.name());
  return isPassedOn && words.slice(1).some((word) => !word.startsWith("-"));
}

test("commands that texts quote exist, with their options", () => {
  const commands = quotedCommands();
  expect(commands.length).toBeGreaterThan(100);
  const faults = commands.flatMap(({ file, words }) => {
    const fault = faultOf(words);
    return fault === undefined ? [] : [`${file}: netctl ${words.join(" ")}: ${fault}`];
  });
  expect(faults).toEqual([]);
});
