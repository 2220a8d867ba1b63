import { describe, expect, test } from "vitest";
import { parseSignal } from "../../../src/netctl/parse-signal.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

describe("parseSignal", () => {
  test.each([
    ["TERM", "SIGTERM"],
    ["SIGKILL", "SIGKILL"],
    ["hup", "SIGHUP"],
    ["15", "SIGTERM"],
    ["9", "SIGKILL"],
  ])("reads %s", (text, signal) => expect(parseSignal(text)).toBe(signal));

  test.each(["", "NOPE", "0", "999", "-9"])("refuses '%s'", (text) => {
    expect(() => parseSignal(text)).toThrow(UsageError);
  });
});
