/**
 * Points in time, for people.
 *
 * @module
 */

const STEPS: [limit: number, seconds: number, name: string][] = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [48 * 3600, 3600, "hour"],
  [14 * 86400, 86400, "day"],
  [Number.POSITIVE_INFINITY, 7 * 86400, "week"],
];

/** Format how long `since` (ISO 8601) is before `nowMs`: "3 minutes". */
export function formatAge(since: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1000));
  if (seconds < 1) return "less than a second";
  const [, unit, name] = STEPS.find(([limit]) => seconds < limit)!; // the last limit is infinite
  const count = Math.floor(seconds / unit);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** Format an ISO 8601 time to whole seconds: `2025-01-31T09:30:00Z`. */
export function formatTime(iso: string): string {
  return iso.replace(/\.\d+(?=Z|[+-]\d\d:?\d\d$|$)/, "");
}
