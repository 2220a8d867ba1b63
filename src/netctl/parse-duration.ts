/**
 * Lengths of time as people type them: 30s, 1m30s, 500ms.
 *
 * @module
 */
import { UsageError } from "./usage-error.ts";

const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Parse Go's form of durations to milliseconds; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)].reduce(
    (sum, [, number, unit = ""]) => sum + Number(number) * (UNIT_MS[unit] ?? 0),
    0,
  );
}

/** Make a parser of durations for `option`, in whole milliseconds. It throws {@link UsageError} below 1 ms, but takes 0 for "not said". */
export function durationParser(option: string): (text: string) => number {
  return (text) => {
    const ms = parseDurationMs(text);
    if (ms === 0) return 0;
    if (ms !== undefined && ms >= 1) return Math.floor(ms);
    throw new UsageError(`Cannot read ${option} '${text}': a time of at least 1ms wanted`, `${option} 1m30s`);
  };
}
