/**
 * The filter of system calls that a container gets when nobody asks for another: docker's.
 *
 * Source: moby/profiles seccomp/default_linux.go; linux/sched.h, sys/personality.h, bits/socket.h.
 *
 * @module
 */
import type { OciSeccomp, OciSeccompArg, OciSeccompSyscall } from "../../runtime/index.ts";
import { isKernelAtLeast, type Machine, seccompArchitectures } from "./machine.ts";
import { CALLS_BY_ARCH, CALLS_BY_CAPABILITY, COMMON_CALLS, TRACING_CALLS } from "./system-calls.ts";

/** What the profile depends on. */
export interface DefaultSeccompProfileOptions extends Machine {
  /** The bounding set: what the container may ever have. */
  capabilities: readonly string[];
}

const EPERM = 1;
const ENOSYS = 38;
/** Flags of clone(2) that make namespaces: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NEW_ANY = 0x7e020000;
/** PER_LINUX, PER_LINUX32, UNAME26, both of them, and the question which it is. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];
/** AF_ALG: the kernel's ciphers, with a history of holes. Families below it are common ones. */
const AF_ALG = 38;
/** Families above AF_ALG but AF_VSOCK (40), which reaches the hypervisor whatever the network namespace: NFC, KCM, QIPCRTR, SMC, XDP, MCTP. */
const LATE_FAMILIES = [39, 41, 42, 43, 44, 45];

/** Make the profile. Pure; the same containers get the same text, which is compiled once. */
export function defaultSeccompProfile({ capabilities, ...machine }: DefaultSeccompProfileOptions): OciSeccomp {
  const unlocked = Object.entries(CALLS_BY_CAPABILITY).flatMap(([name, calls]) =>
    capabilities.includes(name) ? calls : [],
  );
  const names = new Set([
    ...COMMON_CALLS,
    ...(CALLS_BY_ARCH[machine.arch] ?? []),
    ...(isKernelAtLeast(machine, 4, 8) ? TRACING_CALLS : []),
    ...unlocked,
  ]);
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: EPERM,
    architectures: seccompArchitectures(machine),
    syscalls: [
      { names: [...names], action: "SCMP_ACT_ALLOW" },
      allowWhen("socket", { index: 0, value: AF_ALG, op: "SCMP_CMP_LT" }),
      ...LATE_FAMILIES.map((value) => allowWhen("socket", { index: 0, value, op: "SCMP_CMP_EQ" })),
      ...PERSONALITIES.map((value) => allowWhen("personality", { index: 0, value, op: "SCMP_CMP_EQ" })),
      ...(capabilities.includes("CAP_SYS_ADMIN") ? [] : cloneRules(machine)),
    ],
  };
}

/** New processes and threads, but no namespaces. The flags of clone3 are behind a pointer: "no such call" makes C libraries use clone. */
function cloneRules({ arch }: Machine): OciSeccompSyscall[] {
  // The order of the arguments differs on s390 (clone(2), "C library/kernel differences").
  const index = arch === "s390x" ? 1 : 0;
  return [
    allowWhen("clone", { index, value: CLONE_NEW_ANY, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }),
    { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
  ];
}

function allowWhen(name: string, argument: OciSeccompArg): OciSeccompSyscall {
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [argument] };
}
