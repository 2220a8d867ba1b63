/**
 * Option values that are a name and something: `-e`, `--label`, `--add-host`, `--security-opt`.
 *
 * @module
 */
import { UsageError } from "./usage-error.ts";

/**
 * Parse the values of `-e`: `KEY=VALUE`, or `KEY` to take the value from `env`. A key that `env` lacks is left out, as docker does.
 *
 * @throws {UsageError} when a key is empty.
 */
export function parseEnv(values: string[], env: Record<string, string | undefined>): string[] {
  return values.flatMap((text) => {
    const [key = ""] = text.split("=", 1);
    if (key === "") throw new UsageError(`Cannot set variable '${text}': its name is empty`, "-e NAME=VALUE");
    if (text.includes("=")) return [text];
    return env[key] === undefined ? [] : [`${key}=${env[key]}`];
  });
}

/**
 * Parse the values of `--label`: `KEY=VALUE`, or `KEY` for an empty value.
 *
 * @throws {UsageError} when a key is empty.
 */
export function parseLabels(values: string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((text) => {
      const [key = ""] = text.split("=", 1);
      if (key === "") throw new UsageError(`Cannot set label '${text}': its name is empty`, "--label NAME=VALUE");
      return [key, text.slice(key.length + 1)];
    }),
  );
}

/**
 * Parse `NAME:ADDRESS`, or `NAME=ADDRESS`. netd judges the address.
 *
 * @throws {UsageError} when one of the two is missing.
 */
export function parseExtraHost(text: string): { name: string; address: string } {
  const [, name, address] = /^([^:=]+)[:=](.+)$/.exec(text) ?? [];
  if (name === undefined || address === undefined) {
    throw new UsageError(`Cannot add host '${text}': NAME:ADDRESS wanted`, "--add-host printer:192.0.2.7");
  }
  return { name, address };
}
