import { describe, expect, test } from "vitest";
import { formatSize, parseMemory } from "../../../src/netctl/parse-size.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

const MIB = 2 ** 20;

describe("parseMemory", () => {
  test.each([
    ["64m", 64 * MIB],
    ["64M", 64 * MIB],
    ["64mb", 64 * MIB],
    ["64MiB", 64 * MIB],
    ["1.5g", 1536 * MIB],
    ["1t", 2 ** 40],
    ["65536k", 64 * MIB],
    ["67108864", 64 * MIB],
    ["67108864b", 64 * MIB],
    ["6m", 6 * MIB],
  ])("reads %s", (text, bytes) => expect(parseMemory(text)).toBe(bytes));

  test.each(["", "m", "-64m", "64x", "64mm", "1e9", "5m", "0", "99999999999t", " 64m"])("refuses '%s'", (text) => {
    expect(() => parseMemory(text)).toThrow(UsageError);
  });
});

describe("formatSize", () => {
  test.each([
    [0, "0B"],
    [999, "999B"],
    [1000, "1kB"],
    [1234567, "1.23MB"],
    [99_960_000, "100MB"],
    [999_900, "1MB"],
    [100_000_000_000, "100GB"],
  ])("formats %d", (bytes, text) => expect(formatSize(bytes)).toBe(text));
});
