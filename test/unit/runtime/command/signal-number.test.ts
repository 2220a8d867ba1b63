import { expect, test } from "vitest";
import { checkContainerId } from "../../../../src/runtime/command/container-id.ts";
import { parseSignalNumber } from "../../../../src/runtime/command/signal-number.ts";

test.each([
  ["TERM", 15],
  ["SIGTERM", 15],
  ["sigkill", 9],
  ["9", 9],
  ["0", 0],
  ["64", 64],
  ["RTMIN", 34],
  ["SIGRTMIN+3", 37],
  ["RTMAX-1", 63],
])("parseSignalNumber takes %s", (text, number) => {
  expect(parseSignalNumber(text)).toBe(number);
});

test.each(["", "65", "-1", "NOPE", "RTMIN-1", "RTMAX+1", "9x"])("parseSignalNumber refuses %j", (text) => {
  expect(() => parseSignalNumber(text)).toThrow(/unknown signal/);
});

test.each(["a", "a.b", "A_b+c-d", "..a", "-x"])("checkContainerId takes %s", (id) => {
  expect(() => checkContainerId(id)).not.toThrow();
});

test.each(["", ".", "..", "a/b", "a b", "ä", "a\n", "\0"])("checkContainerId refuses %j", (id) => {
  expect(() => checkContainerId(id)).toThrow(/invalid characters/);
});
