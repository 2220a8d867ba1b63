/**
 * Names that netd takes.
 *
 * @module
 */
import { UsageError } from "./usage-error.ts";

/** Refuse a name that `what` cannot have. @throws {UsageError} */
export function checkName(what: string, name: string): void {
  if (/^[a-z0-9][a-z0-9_.-]{0,62}$/.test(name)) return;
  throw new UsageError(
    `Cannot create ${what} '${name}': a name of at most 63 of a-z, 0-9, '.', '_' and '-' wanted, that begins with one of a-z or 0-9`,
    `choose one such as '${suggest(name)}'`,
  );
}

function suggest(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9_.-]/g, "-")
      .replace(/^[^a-z0-9]+/, "")
      .slice(0, 63) || "lab"
  );
}
