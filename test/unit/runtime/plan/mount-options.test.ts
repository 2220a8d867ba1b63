import { expect, test } from "vitest";
import { parseMountOptions } from "../../../../src/runtime/plan/mount-options.ts";

test.each([
  [[], { isBind: false, isRecursive: false, flags: [], data: [] }],
  [["rbind", "rprivate", "ro"], { isBind: true, isRecursive: true, flags: ["ro"], data: [], propagation: "private" }],
  [["bind", "slave"], { isBind: true, isRecursive: false, flags: [], data: [], propagation: "slave" }],
  [
    ["nosuid", "strictatime", "mode=755", "size=64k", "newinstance"],
    {
      isBind: false,
      isRecursive: false,
      flags: ["nosuid", "strictatime"],
      data: ["mode=755", "size=64k", "newinstance"],
    },
  ],
  [["ro", "nosuid", "rw", "relatime", "defaults"], { isBind: false, isRecursive: false, flags: ["nosuid"], data: [] }],
])("parseMountOptions sorts %j", (options, expected) => {
  expect(parseMountOptions(options)).toEqual(expected);
});
