import { describe, expect, test } from "vitest";
import { quoteShell } from "../../../src/netctl/shell.ts";

describe("quoteShell", () => {
  test.each([
    ["plain-1.2/x:y", "plain-1.2/x:y"],
    ["", "''"],
    ["two words", "'two words'"],
    ["it's", "'it'\\''s'"],
    ["$HOME;", "'$HOME;'"],
  ])("quotes %j", (word, quoted) => expect(quoteShell(word)).toBe(quoted));
});
