/**
 * `--log-driver` and `--log-opt`, with docker's meaning.
 *
 * @module
 */
import type { LogSpec } from "../api/index.ts";
import { UsageError } from "./usage-error.ts";

/** Docker's drivers that keep the output in files, which only its own commands should read, and the one that keeps none. */
const DRIVERS: readonly string[] = ["local", "json-file", "none"] satisfies LogSpec["driver"][];

/** Docker counts the sizes of logs in powers of 1000 (moby daemon/logger, units.FromHumanSize). */
const UNIT_BYTES: Record<string, number> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/**
 * Parse the value of `--log-driver` and the values of `--log-opt`; undefined when neither was given.
 *
 * @throws {UsageError} on a driver or an option that netd does not have.
 */
export function parseLogOptions(driver: string | undefined, values: string[] | undefined): LogSpec | undefined {
  if (driver === undefined && values === undefined) return undefined;
  const spec: LogSpec = {};
  if (driver !== undefined) {
    if (!DRIVERS.includes(driver)) {
      throw new UsageError(
        `Cannot keep logs by driver '${driver}': netd has local, json-file and none`,
        "leave --log-driver out, and read the log with 'netctl logs -f'",
      );
    }
    spec.driver = driver as NonNullable<LogSpec["driver"]>;
  }
  for (const value of values ?? []) {
    const [key = "", text = ""] = splitPair(value);
    if (driver === "none") {
      throw new UsageError(`Cannot take log option '${key}': driver 'none' keeps no log`, "leave --log-opt out");
    }
    if (key === "max-size") spec.maxBytes = parseLogSize(text);
    else if (key === "max-file") spec.maxFiles = parseFileCount(text);
    else {
      throw new UsageError(
        `Cannot take log option '${key}': netd has max-size and max-file`,
        "--log-opt max-size=10m --log-opt max-file=3",
      );
    }
  }
  return spec;
}

function splitPair(text: string): [key: string, value: string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`Cannot take log option '${text}': NAME=VALUE wanted`, "--log-opt max-size=10m");
}

/** Parse a size in bytes, 0 for docker's -1: no limit. */
function parseLogSize(text: string): number {
  if (text === "-1") return 0;
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?([kmgt]?)b?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * (UNIT_BYTES[unit.toLowerCase()] ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new UsageError(`Cannot limit a log to '${text}': a size such as 10m wanted`, "--log-opt max-size=10m");
}

function parseFileCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot keep '${text}' files of a log: a number from 1 wanted`, "--log-opt max-file=3");
}
