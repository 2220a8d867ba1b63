/**
 * Reading the small files of a cgroup's directory. One that is not there reads as nothing.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Count } from "./stats-document.ts";

/** What the kernel means by "max": the largest unsigned number, as runc tells it. */
const UNLIMITED = 2n ** 64n - 1n;

/** Read a whole file without its last line break; "" when it is not there, or its controller is. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (["ENOENT", "ENODEV", "ENOTDIR", "EOPNOTSUPP"].includes(code)) return "";
    throw error;
  }
}

/** Parse a count of the kernel; 0 for nothing. */
export function parseCount(text: string): Count {
  if (text === "max") return UNLIMITED;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** Read a file of one count. */
export function readCount(path: string): Count {
  return parseCount(readText(path));
}

/** Read lines of a word and a count. */
export function readPairs(path: string): Record<string, Count> {
  const pairs: Record<string, Count> = {};
  for (const line of readText(path).split("\n")) {
    const [name = "", value] = line.split(" ");
    if (value !== undefined) pairs[name] = parseCount(value);
  }
  return pairs;
}

/** Parse a list such as `0-2,4` (cpuset(7)). */
export function parseList(text: string): number[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
}

/** The sizes of huge pages that a directory has files of. */
export function pageSizes(directory: string, suffix: string): string[] {
  const pattern = new RegExp(`^hugetlb\\.([0-9]+[KMG]B)${suffix.replaceAll(".", "\\.")}$`);
  try {
    return readdirSync(directory).flatMap((name) => pattern.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}
