import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { configRule } from "../../../../src/runtime/oci/parse-config.ts";
import { listPlaces } from "../../../../src/runtime/oci/rule.ts";

const DOC = readFileSync(resolve(import.meta.dirname, "../../../../docs/runtime.md"), "utf8");

/** Rows of the table of fields: `| `field` | yes or no | yes or no | note |`. */
const ROWS = [...DOC.matchAll(/^\| `([^`]+)` \| (yes|no) \| (yes|no) \| (.*) \|$/gm)].map(
  ([, field = "", , , note = ""]) => ({
    field,
    note,
  }),
);

test("docs/runtime.md has a row for each field that parseOciConfig knows, in its order, and no other", () => {
  expect(ROWS.map(({ field }) => field)).toEqual(listPlaces(configRule));
});
