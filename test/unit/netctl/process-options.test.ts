import { describe, expect, test } from "vitest";
import { parseIdMap, parseSysctl, parseUlimit, toProcessSpec } from "../../../src/netctl/process-options.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

describe("parseSysctl", () => {
  test.each([
    ["net.ipv4.ip_forward=1", ["net.ipv4.ip_forward", "1"]],
    ["kernel.sem=1 2=3", ["kernel.sem", "1 2=3"]],
  ])("reads %s", (text, pair) => expect(parseSysctl(text)).toEqual(pair));

  test.each(["", "a", "=1", "a="])("refuses '%s'", (text) => expect(() => parseSysctl(text)).toThrow(UsageError));
});

describe("parseUlimit", () => {
  test.each([
    ["nofile=1024", { name: "nofile", soft: 1024, hard: 1024 }],
    ["nofile=1024:2048", { name: "nofile", soft: 1024, hard: 2048 }],
    ["core=-1", { name: "core", soft: -1, hard: -1 }],
    ["core=0:-1", { name: "core", soft: 0, hard: -1 }],
  ])("reads %s", (text, limit) => expect(parseUlimit(text)).toEqual(limit));

  test.each(["", "nofile", "nofile=", "=1", "nofile=1:", "nofile=-2", "nofile=1:2:3", "NOFILE=1", "nofile=1e3"])(
    "refuses '%s'",
    (text) => expect(() => parseUlimit(text)).toThrow(UsageError),
  );
});

describe("parseIdMap", () => {
  test.each([
    ["0:231072:65536", { containerId: 0, hostId: 231_072, size: 65_536 }],
    ["5:6", { containerId: 5, hostId: 6, size: 1 }],
  ])("reads %s", (text, map) => expect(parseIdMap(text)).toEqual(map));

  test.each(["", "0", "0:", "0:1:", "a:1:1", "-1:1:1", "0:1:2:3", "0:99999999999:1"])("refuses '%s'", (text) =>
    expect(() => parseIdMap(text)).toThrow(UsageError),
  );
});

describe("toProcessSpec", () => {
  test("says nothing of what was not asked for, or is so anyway", () => {
    expect(toProcessSpec({})).toEqual({});
    expect(toProcessSpec({ pid: "private", uts: "", userns: "host", init: false })).toEqual({});
  });

  test("takes one kind of ranges for both", () => {
    const range = { containerId: 0, hostId: 1000, size: 10 };
    expect(toProcessSpec({ uidmap: ["0:1000:10"] })).toEqual({
      userns: { mode: "map", uids: [range], gids: [range] },
    });
    expect(toProcessSpec({ gidmap: ["0:1000:10"] })).toEqual({
      userns: { mode: "map", uids: [range], gids: [range] },
    });
  });

  test("passes the rest on", () => {
    const options = { init: true, pid: "container:web", uts: "host", groupAdd: ["audio"], oomScoreAdj: -5 };
    expect(toProcessSpec({ ...options, userns: "auto", sysctl: ["a.b=c"], ulimit: ["core=0"] })).toEqual({
      ...options,
      userns: { mode: "auto" },
      sysctls: { "a.b": "c" },
      ulimits: [{ name: "core", soft: 0, hard: 0 }],
    });
  });

  test.each([{ uts: "other" }, { userns: "keep-id" }, { userns: "auto", uidmap: ["0:1:1"] }])(
    "refuses %j",
    (options) => {
      expect(() => toProcessSpec(options)).toThrow(UsageError);
    },
  );
});
