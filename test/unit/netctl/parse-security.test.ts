import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseSecurityOptions } from "../../../src/netctl/parse-security.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

const directory = mkdtempSync(join(tmpdir(), "netd-security-"));
const PROFILE = '{"defaultAction": "SCMP_ACT_ALLOW"}\n';
writeFileSync(join(directory, "profile.json"), PROFILE);
afterAll(() => rmSync(directory, { recursive: true }));

const parse = (...values: string[]) => parseSecurityOptions(values, directory);

describe("parseSecurityOptions", () => {
  test.each([
    [["no-new-privileges"], { noNewPrivileges: true }],
    [["no-new-privileges:true"], { noNewPrivileges: true }],
    [["no-new-privileges=false"], { noNewPrivileges: false }],
    [["seccomp=unconfined"], { seccomp: "unconfined" }],
    [["seccomp:unconfined"], { seccomp: "unconfined" }],
    [["seccomp=unconfined", "seccomp=builtin"], {}],
    [["seccomp=profile.json"], { seccomp: PROFILE }],
    [["systempaths=unconfined", "no-new-privileges"], { systemPaths: "unconfined", noNewPrivileges: true }],
    [["apparmor=unconfined", "label=disable"], {}],
  ])("parseSecurityOptions takes %s", (values, expected) => {
    expect(parse(...values)).toEqual(expected);
  });

  test.each([
    "seccomp",
    "seccomp=",
    "seccomp=missing.json",
    "apparmor=docker-default",
    "label=type:x",
    "systempaths=all",
    "x=y",
    "no-new-privileges=maybe",
  ])("parseSecurityOptions refuses %s", (value) => {
    expect(() => parse(value)).toThrow(UsageError);
  });
});
