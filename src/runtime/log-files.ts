/**
 * The files of one log: the current one, and those that were full before it.
 *
 * A full file gets the next number once and for ever, by one rename. So whatever is killed when, a reader finds each line in one file, and the
 * order of the files is that of their names.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";

/** So many digits that file names sort as their numbers do. */
const DIGITS = 10;

/** Name the file that the current one of the log `path` becomes when it is full. */
export function fullLogPath(path: string, number: number): string {
  return `${path}.${String(number).padStart(DIGITS, "0")}`;
}

/** List the numbers of a log's full files, oldest first; the current one is not among them. */
export function listFullLogs(path: string): number[] {
  const prefix = `${basename(path)}.`;
  const numbers = namesIn(dirname(path)).flatMap((name) => {
    const digits = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    return /^\d{10}$/.test(digits) ? [Number(digits)] : [];
  });
  return numbers.sort((a, b) => a - b);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
