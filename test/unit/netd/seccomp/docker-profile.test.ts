import { describe, expect, test } from "vitest";
import { parseSeccompProfile } from "../../../../src/netd/seccomp/docker-profile.ts";

const OPTIONS = { capabilities: ["CAP_CHOWN"], arch: "amd64", kernelVersion: "6.1.0-18-amd64" };

function parse(document: unknown, options = OPTIONS) {
  return parseSeccompProfile(typeof document === "string" ? document : JSON.stringify(document), options);
}

/** The names of the rules that are left of docker's conditional ones. */
function rulesLeft(...rules: object[]): string[] {
  const syscalls = rules.map((rule, index) => ({ names: [`call${index}`], action: "SCMP_ACT_ALLOW", ...rule }));
  return parse({ defaultAction: "SCMP_ACT_ERRNO", syscalls })?.syscalls?.flatMap(({ names }) => names) ?? [];
}

describe("parseSeccompProfile", () => {
  test("parseSeccompProfile takes the specification's document as it is", () => {
    const document = {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      architectures: ["SCMP_ARCH_X86_64"],
      flags: ["SECCOMP_FILTER_FLAG_LOG"],
      listenerPath: "/run/agent.sock",
      listenerMetadata: "m",
      syscalls: [
        {
          names: ["socket"],
          action: "SCMP_ACT_ERRNO",
          errnoRet: 22,
          args: [{ index: 0, value: 16, valueTwo: 3, op: "SCMP_CMP_MASKED_EQ" }],
        },
      ],
    };
    expect(parse(document)).toEqual(document);
  });

  test("parseSeccompProfile takes docker's map of architectures", () => {
    const archMap = [
      { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
      { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] },
    ];
    const architecturesOn = (arch: string) =>
      parse({ defaultAction: "SCMP_ACT_ALLOW", archMap }, { ...OPTIONS, arch })?.architectures;
    expect(architecturesOn("amd64")).toEqual(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]);
    expect(architecturesOn("arm64")).toEqual(["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]);
    expect(architecturesOn("s390x")).toBeUndefined();
  });

  test("parseSeccompProfile keeps rules whose conditions hold", () => {
    expect(
      rulesLeft(
        {},
        { includes: { caps: ["CAP_CHOWN"] } },
        { includes: { caps: ["CAP_CHOWN", "CAP_SYS_ADMIN"] } },
        { excludes: { caps: ["CAP_SYS_ADMIN", "CAP_CHOWN"] } },
        { excludes: { caps: ["CAP_SYS_ADMIN"] } },
        { includes: { arches: ["arm64", "amd64"] } },
        { includes: { arches: ["arm64"] } },
        { excludes: { arches: ["amd64"] } },
        { includes: { minKernel: "4.8" } },
        { includes: { minKernel: "6.2" } },
        { excludes: { minKernel: "6.1" } },
        { includes: null, excludes: {} },
      ),
    ).toEqual(["call0", "call1", "call4", "call5", "call8", "call11"]);
  });

  test("parseSeccompProfile takes the one name of old profiles and podman's names of errnos", () => {
    const syscalls = [{ name: "mkdir", action: "SCMP_ACT_ERRNO", errno: "ENOSPC", errnoRet: 1, args: null }];
    expect(parse({ defaultAction: "SCMP_ACT_ERRNO", defaultErrno: "ENOSYS", syscalls })).toEqual({
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 28 }],
    });
  });

  test("parseSeccompProfile keeps numbers of 64 bits exactly", () => {
    const text = `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL",
      "args": [{"index": 2, "value": 18446744073709551615, "valueTwo": 9007199254740991, "op": "SCMP_CMP_EQ"}]}]}`;
    expect(parse(text)?.syscalls?.[0]?.args).toEqual([
      { index: 2, value: "18446744073709551615", valueTwo: 9007199254740991, op: "SCMP_CMP_EQ" },
    ]);
  });

  test("parseSeccompProfile takes a document that asks for nothing as no filter", () => {
    expect(parse({})).toBeUndefined();
  });

  test.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /it is no JSON/],
    ["a list", [], /the profile is \[\], an object wanted/],
    ["no default", { syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW" }] }, /defaultAction is absent/],
    [
      "both kinds of architectures",
      {
        defaultAction: "SCMP_ACT_ALLOW",
        architectures: ["SCMP_ARCH_X86"],
        archMap: [{ architecture: "SCMP_ARCH_X86" }],
      },
      /architectures and archMap/,
    ],
    [
      "both kinds of names",
      { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ name: "a", names: ["b"], action: "SCMP_ACT_LOG" }] },
      /syscalls\[0\] has name and names/,
    ],
    [
      "a rule without action",
      { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["b"] }] },
      /syscalls\[0\]\.action is absent/,
    ],
    [
      "names that are none",
      { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: [1], action: "SCMP_ACT_LOG" }] },
      /syscalls\[0\]\.names\[0\] is 1, text wanted/,
    ],
    [
      "a kernel that is none",
      {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["b"], action: "SCMP_ACT_LOG", includes: { minKernel: "new" } }],
      },
      /syscalls\[0\]\.includes\.minKernel is "new"/,
    ],
  ])("parseSeccompProfile refuses %s by its place", (_what, document, message) => {
    expect(() => parse(document)).toThrow(message);
  });
});
