import { describe, expect, test } from "vitest";
import { escapeControls, formatTable } from "../../../src/netctl/table.ts";

describe("formatTable", () => {
  test("makes each column as wide as its widest cell and ends no line in blanks", () => {
    const rows = [
      ["a", "long cell", "x"],
      ["bcd", "", ""],
    ];
    expect(formatTable(["ONE", "TWO", "THREE"], rows)).toBe(
      ["ONE   TWO         THREE", "a     long cell   x", "bcd", ""].join("\n"),
    );
  });

  test("prints its headings without rows", () => expect(formatTable(["A", "B"], [])).toBe("A   B\n"));

  test("does not count colours as width", () => {
    const painted = formatTable(["A", "B"], [["x", "y"]], (cell) => `\x1b[32m${cell}\x1b[0m`);
    expect(painted).toBe("A   B\n\x1b[32mx\x1b[0m   \x1b[32my\x1b[0m\n");
  });
});

describe("escapeControls", () => {
  test("makes what drives a terminal visible", () => {
    expect(escapeControls("a\x1b[2Jb\nc\u202ed é")).toBe("a\\u{1b}[2Jb\\u{a}c\\u{202e}d é");
  });
});
