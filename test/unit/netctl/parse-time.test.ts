import { expect, test } from "vitest";
import { parseTime } from "../../../src/netctl/parse-time.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

const NOW_MS = 1_700_000_000_250;

test.each([
  ["10m", "1699999400.250000000"],
  ["1h30m", "1699994600.250000000"],
  ["1.5s", "1699999998.750000000"],
  [".5s", "1699999999.750000000"],
  ["250ms", "1700000000.000000000"],
  ["-10m", "1700000600.250000000"],
  ["1000000h", "0.000000000"],
  ["0", "0"],
  ["1700000000", "1700000000"],
  ["1700000000.123456789", "1700000000.123456789"],
  ["2026-01-02T15:04:05Z", "1767366245"],
  ["2026-01-02t15:04:05z", "1767366245"],
  ["2026-01-02T15:04:05.123456789Z", "1767366245.123456789"],
  ["2026-01-02T15:04:05+01:00", "1767362645"],
  ["2026-01-02T15:04Z", "1767366240"],
  ["2026-01-02T15Z", "1767366000"],
  ["2026-01-02Z", "1767312000"],
])("parseTime reads %s", (text, expected) => {
  expect(parseTime(text, "--since", NOW_MS)).toBe(expected);
});

test("parseTime takes a time without a zone as ours", () => {
  expect(parseTime("2026-01-02T15:04:05", "--since", NOW_MS)).toBe(
    String(new Date(2026, 0, 2, 15, 4, 5).getTime() / 1000),
  );
  expect(parseTime("2026-01-02", "--since", NOW_MS)).toBe(String(new Date(2026, 0, 2).getTime() / 1000));
});

test.each([
  "",
  "yesterday",
  "10",
  "10x",
  "m",
  "2026-13-02",
  "2026-01-02T25:00:00Z",
  "1e9",
  "1.",
  "0x10",
  "12345678901234",
])("parseTime refuses %j or takes it for seconds", (text) => {
  if (text === "10") expect(parseTime(text, "--since", NOW_MS)).toBe("10");
  else expect(() => parseTime(text, "--since", NOW_MS)).toThrow(UsageError);
});
