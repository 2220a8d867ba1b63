import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCgroupLayout, SeccompCompiler } from "../../../src/kernel/index.ts";
import { describeFeatures } from "../../../src/runtime/oci/features.ts";
import { loadBundle } from "../../../src/runtime/oci/load-bundle.ts";
import { parseOciConfig } from "../../../src/runtime/oci/parse-config.ts";
import { makeSpec } from "../../../src/runtime/oci/spec.ts";

/** The document that a runtime we did not write makes to begin with. */
function specOf(runtime: string, ...flags: string[]): Record<string, unknown> {
  const bundle = mkdtempSync(join(tmpdir(), "netd-spec-"));
  try {
    execFileSync(runtime, ["spec", ...flags], { cwd: bundle });
    // What every parser reads, ours reads too.
    loadBundle(bundle);
    return JSON.parse(readFileSync(join(bundle, "config.json"), "utf8")) as Record<string, unknown>;
  } finally {
    rmSync(bundle, { recursive: true });
  }
}

/** Every value of a document as `path = value`, lists of strings item by item. */
function flatten(node: unknown, path = "$"): string[] {
  if (typeof node !== "object" || node === null) return [`${path} = ${JSON.stringify(node)}`];
  return Object.entries(node).flatMap(([name, value]) => {
    const isItem = Array.isArray(node);
    const key = isItem && typeof value === "object" ? (value.destination ?? value.type ?? name) : isItem ? "" : name;
    return flatten(value, `${path}.${key}`);
  });
}

function differences(ours: object, theirs: object): { ours: string[]; theirs: string[] } {
  const [a, b] = [flatten(ours), flatten(theirs)];
  return { ours: a.filter((line) => !b.includes(line)), theirs: b.filter((line) => !a.includes(line)) };
}

/** No ambient capabilities and no energy meter, as in newer versions. */
const ON_PURPOSE = [
  '$.hostname = "netd"',
  '$.linux.maskedPaths. = "/sys/devices/virtual/powercap"',
  '$.ociVersion = "1.3.0"',
];

describe("makeSpec", () => {
  test.each([[[]], [["--rootless"]]])("writes what runc spec %j writes, but for what differs on purpose", (flags) => {
    const rootless = flags.length > 0 ? { uid: 0, gid: 0 } : undefined;
    const isVersion2 = readCgroupLayout().version === "v2";
    const found = differences(makeSpec({ rootless, hasCgroupNamespace: isVersion2 }), specOf("runc", ...flags));
    expect(found.ours.sort()).toEqual(ON_PURPOSE);
    expect(
      found.theirs.filter((line) => !/^\$\.(hostname|ociVersion|process\.capabilities\.ambient)\b/.test(line)),
    ).toEqual([]);
  });

  test("makes a document that parseOciConfig takes without a warning", () => {
    const warnings: string[] = [];
    for (const rootless of [undefined, { uid: 1000, gid: 1000 }]) {
      parseOciConfig(JSON.parse(JSON.stringify(makeSpec({ rootless }))), { warn: (message) => warnings.push(message) });
    }
    expect(warnings).toEqual([]);
  });

  test("parseOciConfig takes what crun spec writes", () => {
    specOf("crun");
  });
});

describe("describeFeatures", () => {
  test("tells everything that runc features tells, but for what is not ours", () => {
    const theirs = JSON.parse(execFileSync("runc", ["features"], { encoding: "utf8" })) as object;
    const missing = differences(describeFeatures("0"), theirs).theirs.filter(
      (line) => !line.startsWith("$.annotations"),
    );
    expect(missing.sort()).toEqual([
      "$.linux.apparmor.enabled = true",
      "$.linux.cgroup.systemd = true",
      "$.linux.cgroup.systemdUser = true",
      "$.linux.selinux.enabled = true",
      '$.ociVersionMax = "1.0.2-dev"',
    ]);
  });

  test("tells actions and flags that compile here", () => {
    const { seccomp } = (
      describeFeatures("0") as {
        linux: { seccomp: { actions: string[]; operators: string[]; supportedFlags: string[] } };
      }
    ).linux;
    const compiled = new SeccompCompiler().compile({
      defaultAction: "SCMP_ACT_ALLOW",
      flags: seccomp.supportedFlags,
      listenerPath: "/run/agent.sock",
      syscalls: [
        ...seccomp.actions
          .filter((name) => name !== "SCMP_ACT_ALLOW")
          .map((action, index) => ({
            names: ["getcwd"],
            action,
            args: [{ index: 0, value: index, op: "SCMP_CMP_EQ" }],
          })),
        ...seccomp.operators.map((op, index) => ({
          names: ["personality"],
          action: "SCMP_ACT_LOG",
          args: [{ index: 0, value: index, valueTwo: 1, op }],
        })),
      ],
    });
    expect(compiled.program).not.toBe("");
  });
});
