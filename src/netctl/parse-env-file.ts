/**
 * Files of `NAME=VALUE` lines: `--env-file` and `--label-file`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "./usage-error.ts";

/**
 * Read the lines of such files, one after the other. As in docker, nothing is quoted or expanded; empty lines and those that begin with `#` are left out.
 *
 * @throws {UsageError} when a file can't be read or a name has blanks in it
 */
export function readPairFiles(option: string, paths: readonly string[], workdir: string): string[] {
  return paths.flatMap((path) => {
    let text: string;
    try {
      text = readFileSync(resolve(workdir, path), "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new UsageError(`Cannot read ${option} '${path}': ${code}, a readable file wanted`, `${option} ./file`);
    }
    return parsePairLines(text, `${option} '${path}'`);
  });
}

/** Parse the text of such a file; `what` is named in errors. @throws {UsageError} when a name is empty or has blanks in it */
export function parsePairLines(text: string, what: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name = ""] = line.split("=", 1);
      if (name !== "" && !/\s/.test(name)) return line;
      throw new UsageError(`Cannot use ${what}: '${name}' is no name, one without blanks wanted`, "NAME=VALUE");
    });
}
