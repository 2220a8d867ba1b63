import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shellHeredoc, shellQuote } from "../../../../src/kernel/step/shell.ts";

describe("shellQuote", () => {
  test.each([
    ["br0", "br0"],
    ["172.16.0.2/24", "172.16.0.2/24"],
    ["", "''"],
    ["two words", "'two words'"],
    ["it's", `'it'\\''s'`],
    ["$(reboot)", "'$(reboot)'"],
    ["~root", "'~root'"],
    ["a;b", "'a;b'"],
    ["a\nb", "'a\nb'"],
  ])("shellQuote writes %j as %j", (word, quoted) => {
    expect(shellQuote(word)).toBe(quoted);
  });

  test("shellQuote gives sh back every word", () => {
    const words = fc.sample(
      fc.string({ unit: "grapheme" }).filter((word) => !word.includes("\0")),
      200,
    );
    const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${words.map(shellQuote).join(" ")}`], {
      encoding: "utf8",
    });
    expect(printed.split("\0").slice(0, -1)).toEqual(words);
  });
});

describe("shellHeredoc", () => {
  test("shellHeredoc chooses an end that is no line of the text", () => {
    expect(shellHeredoc("cat", "a\nEOF\nEOF_\n")).toBe("cat <<'EOF__'\na\nEOF\nEOF_\nEOF__");
  });

  test("shellHeredoc gives sh back the text, expanding nothing", () => {
    const text = "$HOME `id` \\ 'x' \"y\"\nEOF\n";
    expect(execFileSync("sh", ["-c", shellHeredoc("cat", text)], { encoding: "utf8" })).toBe(text);
  });
});
