import { expect, test } from "vitest";
import { formatLogTime } from "../../../../src/netd/log/log-time.ts";

test.each([
  ["0", "1970-01-01T00:00:00.000000000Z"],
  ["1767366245.5", "2026-01-02T15:04:05.500000000Z"],
  ["1767366245.123456789", "2026-01-02T15:04:05.123456789Z"],
  ["99999999999", "5138-11-16T09:46:39.000000000Z"],
])("formatLogTime of %s", (time, expected) => {
  expect(formatLogTime(time)).toBe(expected);
});
