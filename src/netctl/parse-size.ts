/**
 * Sizes as people type them: 64m, 1.5g, 1048576.
 *
 * @module
 */
import { UsageError } from "./usage-error.ts";

const UNIT_BYTES: Record<string, number> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Smallest memory limit that the kernel can start a process in, in bytes. */
const MEMORY_MIN_BYTES = 6 * 2 ** 20;

/**
 * Parse a memory limit to bytes. A suffix of b, k, m, g or t counts in powers of 1024, any case, with `b` or `ib` after it or not.
 *
 * @throws {UsageError} on anything else, and below 6 MiB.
 */
export function parseMemory(text: string): number {
  const bytes = parseSize(text, "--memory 64m");
  if (bytes < MEMORY_MIN_BYTES)
    throw new UsageError(`Cannot limit memory to '${text}': at least 6m wanted`, "--memory 64m");
  return bytes;
}

/** Parse a limit of memory and swap together; -1 is "no limit of swap". @throws {UsageError} */
export function parseSwap(text: string): number {
  return text === "-1" ? -1 : parseSize(text, "--memory-swap 128m");
}

/** Parse a size to bytes, as {@link parseMemory} does. `example` is for who got it wrong. @throws {UsageError} */
export function parseSize(text: string, example: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const factor = UNIT_BYTES[unit?.toLowerCase() ?? "?"];
  if (digits === undefined || factor === undefined) {
    throw new UsageError(`Cannot read size '${text}': a number and one of b, k, m, g, t wanted`, example);
  }
  const bytes = Math.floor(Number(digits) * factor);
  if (!Number.isSafeInteger(bytes)) throw new UsageError(`Cannot read size '${text}': it is too large`, example);
  return bytes;
}

/** Format bytes for a column: three digits at most, in powers of 1000 as docker's tables do. */
export function formatSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`;
}
