import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { ERROR_STATUS } from "../../src/errors.ts";

const DOC = resolve(import.meta.dirname, "../../docs/errors.md");

/** Rows of the table: `| CODE | status | meaning and remedy |`. */
function readRows(): [code: string, status: number, text: string][] {
  return readFileSync(DOC, "utf8")
    .split("\n")
    .map((line) => /^\| `?([A-Z0-9_]+)`? \| (\d{3}) \| (.*) \|$/.exec(line))
    .filter((match) => match !== null)
    .map(([, code = "", status = "", text = ""]) => [code, Number(status), text]);
}

test("ERROR_STATUS and docs/errors.md list the same codes with the same statuses", () => {
  expect(Object.fromEntries(readRows().map(([code, status]) => [code, status]))).toEqual(ERROR_STATUS);
});

test("ERROR_STATUS and docs/errors.md are in alphabetical order", () => {
  const codes = Object.keys(ERROR_STATUS);
  expect(codes).toEqual([...codes].sort());
  expect(readRows().map(([code]) => code)).toEqual(codes);
});

test("docs/errors.md says something about each code", () => {
  expect(readRows().filter(([, , text]) => text.length < 20)).toEqual([]);
});
