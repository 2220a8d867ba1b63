/**
 * Files of variables, as docker's `--env-file` reads them: one `NAME=VALUE` or `NAME` a line, `#` begins a comment, nothing is quoted.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { UsageError } from "./usage-error.ts";

/**
 * Read the entries of a file of variables; those without a value are left to `parseEnv`.
 *
 * @throws {UsageError} when it can't be read, or holds a name that is none.
 */
export function readEnvFile(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read the variables in '${path}': ${(error as Error).message}`, "--env-file ./web.env");
  }
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap((line, index) => {
      const entry = line.replace(/\r$/, "").replace(/^\s+/, "");
      if (entry === "" || entry.startsWith("#")) return [];
      const [name = ""] = entry.split("=", 1);
      if (name !== "" && !/\s/.test(name)) return [entry];
      throw new UsageError(`Cannot read line ${index + 1} of '${path}': '${name}' is no variable's name`, "NAME=VALUE");
    });
}
