/**
 * Moments as docker's `--since` and `--until` take them: dates, seconds since 1970, and how long ago.
 *
 * @module
 */
import { UsageError } from "./usage-error.ts";

const NANOSECONDS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

const DURATION = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const DURATION_PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const UNIX = /^\d{1,11}(?:\.\d{1,9})?$/;
/** RFC 3339, from the right more or less of it, in our time zone unless it says another. */
const DATE = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d(?::\d\d(?::\d\d)?)?)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:\d\d)?$/;

/**
 * Parse a moment to seconds since 1970, with a fraction of up to nine digits. `option` is named in the error.
 *
 * @throws {UsageError} on anything else.
 */
export function parseTime(text: string, option: string, nowMs: number): string {
  if (DURATION.test(text)) return formatUnix(BigInt(Math.round(nowMs)) * 1_000_000n - parseDuration(text));
  if (UNIX.test(text)) return text;
  const [, day, time = "00", fraction = "", zone = ""] = DATE.exec(text) ?? [];
  const full = `${day}T${time}${":00".repeat(Math.max(0, 2 - time.split(":").length + 1))}${zone.toUpperCase()}`;
  const milliseconds = day === undefined ? Number.NaN : Date.parse(full);
  if (Number.isNaN(milliseconds) || milliseconds < 0) {
    throw new UsageError(
      `Cannot read time '${text}' of ${option}: a date, seconds since 1970, or how long ago wanted`,
      `${option} 10m, ${option} 2026-01-02T15:04:05Z, or ${option} 1767366245.5`,
    );
  }
  return `${milliseconds / 1000}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Parse a duration of Go, such as 1h30m or 1.5s, to nanoseconds. */
function parseDuration(text: string): bigint {
  let nanoseconds = 0n;
  for (const [, number, unit] of text.matchAll(DURATION_PART)) {
    nanoseconds += BigInt(Math.round(Number(number) * (NANOSECONDS[unit ?? ""] ?? 0)));
  }
  return text.startsWith("-") ? -nanoseconds : nanoseconds;
}

/** A moment before 1970 is as good as 1970. */
function formatUnix(nanoseconds: bigint): string {
  const digits = (nanoseconds < 0n ? 0n : nanoseconds).toString().padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
