/**
 * Which ids of the host the user namespaces of containers get: subuid(5), subgid(5).
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { IdMap } from "../api/index.ts";
import type { IdRanges } from "./process-config.ts";

/** Whose lines are looked for, the first that has some wins. */
const OWNERS = ["netd", "root", "0"];
/** Where nobody wrote any: behind those that useradd(8) hands out first. */
const DEFAULT_RANGE = { start: 231_072, size: 65_536 };

/** Read the ranges that are kept for netd or root. */
export function readIdRanges(): IdRanges {
  return {
    uids: parseSubordinateIds(readQuietly("/etc/subuid")),
    gids: parseSubordinateIds(readQuietly("/etc/subgid")),
  };
}

/** Parse lines of `OWNER:START:COUNT`; several ranges of an owner follow each other inside. */
export function parseSubordinateIds(text: string): IdMap[] {
  const lines = text.split("\n").map((line) => line.trim().split(":"));
  for (const owner of OWNERS) {
    const ranges = lines
      .filter(
        ([name, start = "", size = ""]) => name === owner && /^\d{1,10}$/.test(start) && /^[1-9]\d{0,9}$/.test(size),
      )
      .map(([, start, size]) => ({ start: Number(start), size: Number(size) }));
    if (ranges.length > 0) return mapOf(ranges);
  }
  return mapOf([DEFAULT_RANGE]);
}

function mapOf(ranges: readonly { start: number; size: number }[]): IdMap[] {
  let containerId = 0;
  return ranges.map(({ start, size }) => {
    const map = { containerId, hostId: start, size };
    containerId += size;
    return map;
  });
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
