/**
 * Times as the lines of a log have them.
 *
 * @module
 */

/** Format seconds since 1970, `SECONDS` or `SECONDS.FRACTION`, as a log line has its time. Of two such texts the earlier time is less. */
export function formatLogTime(unixTime: string): string {
  const [seconds = "0", fraction = ""] = unixTime.split(".");
  // ECMAScript's last moment, in the year 275760, would have a sign and more digits.
  const date = new Date(Math.min(Number(seconds) * 1000, Date.UTC(9999, 11, 31, 23, 59, 59)));
  return `${date.toISOString().slice(0, 19)}.${fraction.padEnd(9, "0")}Z`;
}
