import { expect, test } from "vitest";
import { type FlagSpec, parseWords } from "../../../../src/runtime/command/command-line.ts";

const SPECS: readonly FlagSpec[] = [
  { names: ["bundle", "b"], kind: "text", usage: "" },
  { names: ["detach", "d"], kind: "bool", usage: "" },
  { names: ["fds"], kind: "number", usage: "" },
  { names: ["env", "e"], kind: "list", usage: "" },
];

test.each([
  [["--bundle", "x", "id"], { bundle: "x", args: ["id"] }],
  [["-bundle=x", "id"], { bundle: "x", args: ["id"] }],
  [["--b=", "id"], { bundle: "", args: ["id"] }],
  [["id", "-b", "x=y"], { bundle: "x=y", args: ["id"] }],
  [["id", "-9"], { args: ["id", "-9"] }],
  [["--", "-b", "x"], { args: ["-b", "x"] }],
  [["-", "-b", "x"], { bundle: "x", args: ["-"] }],
  [["-b", "-d"], { bundle: "-d", args: [] }],
])("parseWords takes %j", (words, { args, bundle }: { args: string[]; bundle?: string }) => {
  const parsed = parseWords(words, { specs: SPECS, isOrdered: false });
  expect({ args: parsed.args, bundle: parsed.flags.text("bundle") }).toEqual({ args, bundle });
});

test("parseWords leaves what follows the first argument to another program when asked to", () => {
  const { flags, args } = parseWords(["-d", "id", "ls", "-b", "x", "--", "-e"], { specs: SPECS, isOrdered: true });
  expect(args).toEqual(["id", "ls", "-b", "x", "--", "-e"]);
  expect(flags.bool("detach")).toBe(true);
});

test("parseWords collects lists, numbers, and the last of several texts", () => {
  const words = ["-e", "A=1", "--env=B=2", "--fds", "3", "-b", "x", "-b", "y", "-d=false"];
  const { flags } = parseWords(words, { specs: SPECS, isOrdered: false });
  expect(flags.list("env")).toEqual(["A=1", "B=2"]);
  expect(flags.number("fds")).toBe(3);
  expect(flags.text("bundle")).toBe("y");
  expect([flags.has("detach"), flags.bool("detach")]).toEqual([true, false]);
});

test.each([
  [["--nope"], /flag provided but not defined: -nope/],
  [["--bundle"], /flag needs an argument: -bundle/],
  [["--fds", "many"], /invalid value "many" for flag -fds/],
  [["-d=perhaps"], /invalid boolean value "perhaps" for -d/],
])("parseWords refuses %j", (words, reason) => {
  expect(() => parseWords(words, { specs: SPECS, isOrdered: false })).toThrow(reason);
});
