import { expect, test } from "vitest";
import { parseMountOptions } from "../../../../src/runtime/plan/mount-options.ts";

const NONE = {
  isBind: false,
  isRecursive: false,
  isRemount: false,
  flags: [],
  cleared: [],
  propagation: [],
  superblock: [],
  oldFlags: [],
  copiesUp: false,
  data: [],
};

test.each([
  [[], {}],
  [["rbind", "rprivate", "ro"], { isBind: true, isRecursive: true, flags: ["ro"], propagation: ["rprivate"] }],
  [["bind", "slave", "rshared"], { isBind: true, propagation: ["slave", "rshared"] }],
  [
    ["nosuid", "strictatime", "mode=755", "size=64k", "newinstance"],
    { flags: ["nosuid", "strictatime"], data: ["mode=755", "size=64k", "newinstance"] },
  ],
  [["ro", "nosuid", "rw", "relatime", "defaults"], { flags: ["nosuid", "relatime"], cleared: ["ro"] }],
  [["noatime", "strictatime"], { flags: ["strictatime"] }],
  [["noatime", "atime"], { cleared: ["noatime"] }],
  [["exec", "noexec"], { flags: ["noexec"] }],
  [["rro", "rnosuid", "rdev", "rrelatime"], { tree: { set: ["ro", "nosuid", "relatime"], clear: ["nodev"] } }],
  [["rro", "rrw", "rnoatime", "ratime"], { tree: { set: [], clear: ["ro", "noatime"] } }],
  [
    ["rnosymfollow", "rstrictatime", "rnodiratime"],
    { tree: { set: ["nosymfollow", "strictatime", "nodiratime"], clear: [] } },
  ],
  [["sync", "dirsync", "lazytime", "mand"], { superblock: ["sync", "dirsync", "lazytime", "mand"] }],
  [["sync", "lazytime", "mand", "async", "nolazytime", "nomand"], {}],
  [["silent", "iversion", "acl"], { oldFlags: ["silent", "iversion", "acl"] }],
  [["silent", "iversion", "acl", "loud", "noiversion", "noacl"], {}],
  [["remount", "bind"], { isBind: true, isRemount: true }],
  [["tmpcopyup", "size=1m"], { copiesUp: true, data: ["size=1m"] }],
  [["bind", "idmap"], { isBind: true, mapsIds: "one" }],
  [["bind", "ridmap"], { isBind: true, mapsIds: "all" }],
  [["constructor", "toString"], { data: ["constructor", "toString"] }],
])("parseMountOptions sorts %j", (options, expected) => {
  expect(parseMountOptions(options)).toEqual({ ...NONE, ...expected });
});
