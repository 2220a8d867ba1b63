/**
 * What a cgroup has used, of either version.
 *
 * @module
 */
import type { CgroupLayout } from "./layout.ts";
import type { CgroupStats } from "./stats-document.ts";
import { readV1Stats } from "./stats-v1.ts";
import { readV2Stats } from "./stats-v2.ts";

/** Read what a cgroup has used. What the host does not count is zero or absent. */
export function readCgroupStats(layout: CgroupLayout, path: string): CgroupStats {
  return layout.version === "v2" ? readV2Stats(`${layout.unified}${path}`) : readV1Stats(layout.v1, path);
}

/** Write a document with its counts in full, of any size. */
export function formatStats(document: unknown): string {
  const text = JSON.stringify(document, (_key, value: unknown) =>
    typeof value === "bigint" ? `\u0001${value}\u0001` : value,
  );
  return text.replace(/"\\u0001(\d+)\\u0001"/g, "$1");
}
