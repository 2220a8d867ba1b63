import { describe, expect, test } from "vitest";
import { formatAge, formatTime } from "../../../src/netctl/age.ts";

describe("formatAge", () => {
  const now = Date.parse("2025-01-31T12:00:00Z");
  test.each([
    ["2025-01-31T12:00:00Z", "less than a second"],
    ["2025-01-31T11:59:59Z", "1 second"],
    ["2025-01-31T11:59:01Z", "59 seconds"],
    ["2025-01-31T11:59:00Z", "1 minute"],
    ["2025-01-31T10:59:00Z", "1 hour"],
    ["2025-01-29T13:00:00Z", "47 hours"],
    ["2025-01-29T12:00:00Z", "2 days"],
    ["2025-01-01T12:00:00Z", "4 weeks"],
    ["2025-02-01T12:00:00Z", "less than a second"],
  ])("formats %s", (since, age) => expect(formatAge(since, now)).toBe(age));
});

describe("formatTime", () => {
  test.each([
    ["2025-01-31T12:00:00.123Z", "2025-01-31T12:00:00Z"],
    ["2025-01-31T12:00:00Z", "2025-01-31T12:00:00Z"],
  ])("formats %s", (iso, text) => expect(formatTime(iso)).toBe(text));
});
