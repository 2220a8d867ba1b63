import { describe, expect, test } from "vitest";
import { SECCOMP_NAMES, SeccompCompiler, type SeccompProfile } from "../../../../src/kernel/index.ts";
import { describeVerdict, type FilteredCall, I386, runFilter } from "../../../support/run-filter.ts";

// asm/unistd_64.h
const NR = { read: 0, mkdir: 83, socket: 41, personality: 135, clone: 56, futex_waitv: 449, newer: 451 };
const X32 = 0x40000000;

const compiler = new SeccompCompiler();

function verdict(profile: SeccompProfile, call: FilteredCall): string {
  return describeVerdict(runFilter(Buffer.from(compiler.compile(profile).program, "base64"), call));
}

/** A profile that allows all but `mkdir`, for which it has a rule. */
function onMkdir(rule: Partial<NonNullable<SeccompProfile["syscalls"]>[number]>): SeccompProfile {
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO", ...rule }] };
}

function compared(op: string, value: number | string, valueTwo?: number | string): SeccompProfile {
  return onMkdir({ args: [{ index: 1, op, value, ...(valueTwo === undefined ? {} : { valueTwo }) }] });
}

describe("compile", () => {
  test.each([
    ["SCMP_ACT_KILL", "kill thread"],
    ["SCMP_ACT_KILL_THREAD", "kill thread"],
    ["SCMP_ACT_KILL_PROCESS", "kill process"],
    ["SCMP_ACT_TRAP", "trap"],
    ["SCMP_ACT_ERRNO", "errno 1"],
    ["SCMP_ACT_TRACE", "trace 1"],
    ["SCMP_ACT_LOG", "log"],
  ])("compile makes %s a verdict of the kernel", (action, expected) => {
    expect(verdict(onMkdir({ action }), { nr: NR.mkdir })).toBe(expected);
    expect(verdict(onMkdir({ action }), { nr: NR.read })).toBe("allow");
  });

  test("compile gives errnos of the rule and of the default", () => {
    expect(verdict(onMkdir({ errnoRet: 28 }), { nr: NR.mkdir })).toBe("errno 28");
    const closed = { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 13, syscalls: onMkdir({}).syscalls ?? [] };
    expect(verdict(closed, { nr: NR.mkdir })).toBe("errno 1");
    expect(verdict(closed, { nr: NR.read })).toBe("errno 13");
  });

  test.each([
    ["SCMP_CMP_EQ", [5n], [4n, 6n]],
    ["SCMP_CMP_NE", [4n, 6n], [5n]],
    ["SCMP_CMP_LT", [4n], [5n, 6n]],
    ["SCMP_CMP_LE", [4n, 5n], [6n]],
    ["SCMP_CMP_GE", [5n, 6n], [4n]],
    ["SCMP_CMP_GT", [6n, 1n << 63n], [5n, 4n]],
  ])("compile compares by %s", (op, matching, others) => {
    for (const value of matching) expect(verdict(compared(op, 5), { nr: NR.mkdir, args: [0n, value] })).toBe("errno 1");
    for (const value of others) expect(verdict(compared(op, 5), { nr: NR.mkdir, args: [0n, value] })).toBe("allow");
  });

  test("compile masks an argument before it compares", () => {
    const profile = compared("SCMP_CMP_MASKED_EQ", 0xf0, 0x30);
    expect(verdict(profile, { nr: NR.mkdir, args: [0n, 0x1_0000_0035n] })).toBe("errno 1");
    expect(verdict(profile, { nr: NR.mkdir, args: [0n, 0x75n] })).toBe("allow");
  });

  test("compile takes all 64 bits of a value that is written as text", () => {
    const profile = compared("SCMP_CMP_EQ", "18446744073709551615");
    expect(verdict(profile, { nr: NR.mkdir, args: [0n, 0xffff_ffff_ffff_ffffn] })).toBe("errno 1");
    expect(verdict(profile, { nr: NR.mkdir, args: [0n, 0xffff_ffff_ffff_fffen] })).toBe("allow");
  });

  test("compile takes rules for one system call as alternatives, and comparisons of one rule together", () => {
    const eq = (index: number, value: number) => ({ index, value, op: "SCMP_CMP_EQ" });
    const profile: SeccompProfile = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        { names: ["personality"], action: "SCMP_ACT_ALLOW", args: [eq(0, 0)] },
        { names: ["personality"], action: "SCMP_ACT_ALLOW", args: [eq(0, 8)] },
        { names: ["socket"], action: "SCMP_ACT_ALLOW", args: [eq(0, 2), eq(1, 1)] },
      ],
    };
    const allowed = [0n, 8n].map((value) => verdict(profile, { nr: NR.personality, args: [value] }));
    expect(allowed).toEqual(["allow", "allow"]);
    expect(verdict(profile, { nr: NR.personality, args: [4n] })).toBe("errno 1");
    expect(verdict(profile, { nr: NR.socket, args: [2n, 1n] })).toBe("allow");
    expect(verdict(profile, { nr: NR.socket, args: [2n, 3n] })).toBe("errno 1");
  });

  test("compile takes two comparisons of one argument as alternatives, as runc does", () => {
    const eq = (value: number) => ({ index: 0, value, op: "SCMP_CMP_EQ" });
    const profile = onMkdir({ args: [eq(1), eq(2)] });
    expect([1n, 2n, 3n].map((value) => verdict(profile, { nr: NR.mkdir, args: [value] }))).toEqual([
      "errno 1",
      "errno 1",
      "allow",
    ]);
  });

  test("compile leaves out system calls that this machine does not have", () => {
    const profile = onMkdir({ names: ["no_such_call", "mkdir"] });
    expect(verdict(profile, { nr: NR.mkdir })).toBe("errno 1");
  });

  test("compile answers ENOSYS for system calls newer than all that a profile names", () => {
    const profile: SeccompProfile = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [{ names: ["read", "futex_waitv"], action: "SCMP_ACT_ALLOW" }],
    };
    expect(verdict(profile, { nr: NR.newer })).toBe("errno 38");
    expect(verdict(profile, { nr: NR.futex_waitv })).toBe("allow");
    expect(verdict(profile, { nr: NR.mkdir })).toBe("errno 1");
    expect(verdict({ ...profile, defaultAction: "SCMP_ACT_LOG" }, { nr: NR.newer })).toBe("log");
  });

  test("compile filters the other architectures of a profile, and ends what uses one that it lacks", () => {
    const profile: SeccompProfile = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [{ names: ["read", "mkdir"], action: "SCMP_ACT_ALLOW" }],
    };
    // asm/unistd_32.h: read is 3, mkdir is 39, readlink is 85 and newer than what the profile names.
    const wide = { ...profile, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] };
    expect(verdict(wide, { nr: 3, arch: I386 })).toBe("allow");
    expect(verdict(wide, { nr: 85, arch: I386 })).toBe("errno 38");
    expect(verdict(wide, { nr: 5, arch: I386 })).toBe("errno 1");
    expect(verdict(wide, { nr: X32 | NR.mkdir })).toBe("allow");
    expect(verdict(wide, { nr: X32 | 500 })).toBe("errno 38");
    expect(verdict(profile, { nr: 3, arch: I386 })).toBe("kill thread");
    expect(verdict(profile, { nr: X32 | NR.mkdir })).toBe("kill thread");
  });

  test("compile translates flags, and lets speculation be when a profile does not speak of flags", () => {
    const flagsOf = (flags?: string[]) =>
      compiler.compile({ ...onMkdir({}), ...(flags === undefined ? {} : { flags }) }).flags;
    expect(flagsOf()).toBe(4);
    expect(flagsOf([])).toBe(0);
    expect(flagsOf(["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"])).toBe(3);
    expect(flagsOf(["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"])).toBe(36);
  });

  test("compile asks for a listener when a rule notifies", () => {
    const profile = {
      ...onMkdir({ action: "SCMP_ACT_NOTIFY" }),
      listenerPath: "/run/agent.sock",
      listenerMetadata: "x",
    };
    expect(compiler.compile({ ...profile, flags: [] })).toMatchObject({
      flags: 8,
      listener: { path: "/run/agent.sock", metadata: "x" },
    });
    expect(compiler.compile({ ...profile, flags: ["SECCOMP_FILTER_FLAG_TSYNC"] }).flags).toBe(25);
    expect(verdict(profile, { nr: NR.mkdir })).toBe("notify");
  });

  test("compile compiles a profile once", () => {
    expect(compiler.compile(onMkdir({}))).toBe(compiler.compile(onMkdir({})));
    expect(compiler.compile(onMkdir({ errnoRet: 2 }))).not.toBe(compiler.compile(onMkdir({})));
  });

  test.each<[string, SeccompProfile, RegExp]>([
    ["action", { defaultAction: "SCMP_ACT_MAYBE" }, /defaultAction is "SCMP_ACT_MAYBE", one of SCMP_ACT_KILL/],
    ["action of a rule", onMkdir({ action: "deny" }), /syscalls\[0\]\.action is "deny"/],
    ["operator", compared("==", 1), /syscalls\[0\]\.args\[0\]\.op is "=="/],
    ["argument", onMkdir({ args: [{ index: 6, value: 0, op: "SCMP_CMP_EQ" }] }), /args\[0\]\.index is 6/],
    ["rounded value", compared("SCMP_CMP_EQ", 2 ** 64), /args\[0\]\.value is 18446744073709552000/],
    ["value beyond 64 bits", compared("SCMP_CMP_EQ", "18446744073709551616"), /whole number of 64 bits/],
    ["errno", onMkdir({ errnoRet: 70_000 }), /errno of syscalls\[0\]\.action is 70000/],
    ["architecture", { ...onMkdir({}), architectures: ["SCMP_ARCH_Z80"] }, /architectures\[0\] is "SCMP_ARCH_Z80"/],
    [
      "flag",
      { ...onMkdir({}), flags: ["SECCOMP_FILTER_FLAG_NEW_LISTENER"] },
      /flags has "SECCOMP_FILTER_FLAG_NEW_LISTENER"/,
    ],
    ["listener without a path", onMkdir({ action: "SCMP_ACT_NOTIFY" }), /listenerPath is absent/],
    [
      "notified write",
      { ...onMkdir({ names: ["write"], action: "SCMP_ACT_NOTIFY" }), listenerPath: "/s" },
      /action of "write"/,
    ],
    ["notified everything", { defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/s" }, /another action wanted/],
  ])("compile refuses a bad %s by its place", (_what, profile, message) => {
    expect(() => compiler.compile(profile)).toThrow(message);
    expect(() => compiler.compile(profile)).toThrow(expect.objectContaining({ code: "SECCOMP_PROFILE_INVALID" }));
  });

  test("SECCOMP_NAMES lists what profiles may use", () => {
    expect(SECCOMP_NAMES.actions).toHaveLength(9);
    expect(SECCOMP_NAMES.operators).toHaveLength(7);
    expect(SECCOMP_NAMES.flags).toHaveLength(4);
  });
});
