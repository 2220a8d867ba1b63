import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SeccompCompiler } from "../../../../src/kernel/index.ts";
import { loadLibSeccomp } from "../../../../src/kernel/seccomp/libseccomp.ts";
import { planCapabilities } from "../../../../src/netd/container-config.ts";
import { defaultSeccompProfile } from "../../../../src/netd/seccomp/default-profile.ts";
import { parseSeccompProfile } from "../../../../src/netd/seccomp/docker-profile.ts";
import type { OciSeccomp } from "../../../../src/runtime/index.ts";
import { describeVerdict, type FilteredCall, I386, runFilter } from "../../../support/run-filter.ts";

const MACHINE = { arch: "amd64", kernelVersion: "6.1.0-18-amd64" };
const DEFAULT = planCapabilities([], []);
const compiler = new SeccompCompiler();

/** Numbers of asm/unistd_64.h that the tests speak of. */
const NR = { socket: 41, clone: 56, ptrace: 101, personality: 135, mount: 165, reboot: 169, keyctl: 250, unshare: 272 };
const MORE = { setns: 308, kcmp: 312, bpf: 321, userfaultfd: 323, io_uring_setup: 425, clone3: 435 };

function verdictOf(profile: OciSeccomp): (call: FilteredCall) => string {
  const program = Buffer.from(compiler.compile(profile).program, "base64");
  return (call) => describeVerdict(runFilter(program, call));
}

function defaultWith(...add: string[]): (call: FilteredCall) => string {
  return verdictOf(defaultSeccompProfile({ capabilities: planCapabilities(add, []), ...MACHINE }));
}

describe("defaultSeccompProfile", () => {
  test("defaultSeccompProfile refuses what leads out of a container", () => {
    const verdict = defaultWith();
    for (const nr of [NR.mount, NR.unshare, NR.keyctl, NR.reboot, MORE.setns, MORE.bpf, MORE.userfaultfd, MORE.kcmp]) {
      expect(verdict({ nr })).toBe("errno 1");
    }
    expect(verdict({ nr: MORE.io_uring_setup })).toBe("errno 1");
    expect(verdict({ nr: NR.ptrace })).toBe("allow");
  });

  test("defaultSeccompProfile lets processes be made, but not namespaces with them", () => {
    const verdict = defaultWith();
    expect(verdict({ nr: NR.clone, args: [0x11n] })).toBe("allow");
    for (const flag of [0x20000n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n]) {
      expect(verdict({ nr: NR.clone, args: [flag | 0x11n] })).toBe("errno 1");
    }
    expect(verdict({ nr: MORE.clone3 })).toBe("errno 38");
    expect(defaultWith("SYS_ADMIN")({ nr: NR.clone, args: [0x20000n] })).toBe("allow");
    expect(defaultWith("SYS_ADMIN")({ nr: MORE.clone3 })).toBe("allow");
  });

  test("defaultSeccompProfile allows sockets but those of the hypervisor and of the kernel's ciphers", () => {
    const verdict = defaultWith();
    const refused = Array.from({ length: 60 }, (_, family) => family).filter(
      (family) => verdict({ nr: NR.socket, args: [family, 1, 0] }) !== "allow",
    );
    expect(refused).toEqual([38, 40, ...Array.from({ length: 14 }, (_, index) => 46 + index)]);
  });

  test("defaultSeccompProfile allows five personalities", () => {
    const verdict = defaultWith();
    const allowed = [0, 8, 0x20000, 0x20008, 0xffffffff, 0x40000, 0x400000].filter(
      (persona) => verdict({ nr: NR.personality, args: [persona] }) === "allow",
    );
    expect(allowed).toEqual([0, 8, 0x20000, 0x20008, 0xffffffff]);
  });

  test.each([
    ["SYS_ADMIN", NR.mount],
    ["SYS_BOOT", NR.reboot],
    ["BPF", MORE.bpf],
    ["SYS_PTRACE", MORE.kcmp],
  ])("defaultSeccompProfile unlocks what %s is for", (capability, nr) => {
    expect(defaultWith()({ nr })).toBe("errno 1");
    expect(defaultWith(capability)({ nr })).toBe("allow");
  });

  test("defaultSeccompProfile forbids looking into processes on a kernel where that goes around the filter", () => {
    const old = defaultSeccompProfile({ capabilities: DEFAULT, arch: "amd64", kernelVersion: "4.4.0" });
    expect(verdictOf(old)({ nr: NR.ptrace })).toBe("errno 1");
  });

  test("defaultSeccompProfile filters 32-bit programs too", () => {
    // asm/unistd_32.h: mount is 21, getpid is 20.
    expect(defaultWith()({ nr: 21, arch: I386 })).toBe("errno 1");
    expect(defaultWith()({ nr: 20, arch: I386 })).toBe("allow");
  });

  test("defaultSeccompProfile of all capabilities is as in the golden file", async () => {
    const text = JSON.stringify(defaultSeccompProfile({ capabilities: planCapabilities(["ALL"], []), ...MACHINE }));
    await expect(`${text.replace(/.{100}[^,]*,/g, "$&\n")}\n`).toMatchFileSnapshot(
      "../../../golden/netd/seccomp-all-capabilities.json",
    );
  });
});

/** Podman's profile, grown from the same root as docker's: Debian's package golang-github-containers-common. */
const WITNESS = "/usr/share/containers/seccomp.json";
const hasWitness = existsSync(WITNESS) || process.env.NETD_REQUIRE_ALL === "1";

/** Podman leaves these to the kernel's own checks; docker lets only a capability unlock them, or gives none. */
const ONLY_PODMAN =
  "clone3 fsconfig fsmount fsopen fspick get_mempolicy keyctl mbind mount mount_setattr move_mount open_tree pidfd_getfd pivot_root " +
  "reboot set_mempolicy setns syslog umount2 unshare";
/** Newer than podman's profile, as far as libseccomp knows them, or refused by it for an old bug. */
const ONLY_OURS =
  "cachestat fchmodat2 futex_requeue futex_wait futex_waitv futex_wake getxattrat io_pgetevents listmount listxattrat map_shadow_stack " +
  "mseal quotactl_fd removexattrat set_mempolicy_home_node setxattrat statmount uretprobe vmsplice " +
  "lsm_get_self_attr lsm_list_modules lsm_set_self_attr";
/** Those of podman's that no capability unlocks in docker's. */
const NEVER_OURS = "keyctl pivot_root query_module";

describe.runIf(hasWitness)("the profile that podman installs", () => {
  test.each([
    ["default capabilities", DEFAULT, ONLY_PODMAN],
    ["no capabilities", [], ONLY_PODMAN],
    ["all capabilities", planCapabilities(["ALL"], []), NEVER_OURS],
  ])("defaultSeccompProfile allows the same with %s, but for known differences", (_what, capabilities, onlyPodman) => {
    const theirs = parseSeccompProfile(readFileSync(WITNESS, "utf8"), { capabilities, ...MACHINE });
    const ours = defaultSeccompProfile({ capabilities, ...MACHINE });
    const [own, witness] = [allowedBy(ours), allowedBy(theirs!)]; // it asks for a filter
    expect(witness.size).toBeGreaterThan(300);
    expect([...witness].filter((name) => !own.has(name)).sort()).toEqual(onlyPodman.split(" "));
    const extra = [...own].filter((name) => !witness.has(name));
    expect(extra.filter((name) => !ONLY_OURS.split(" ").includes(name))).toEqual([]);
  });
});

/** The system calls of this machine that a profile allows with arguments of zero. */
function allowedBy(profile: OciSeccomp): Set<string> {
  const library = loadLibSeccomp();
  const verdict = verdictOf(profile);
  const names = (profile.syscalls ?? []).flatMap((rule) => rule.names);
  return new Set(
    names.filter((name) => library.resolveCall(name) >= 0 && verdict({ nr: library.resolveCall(name) }) === "allow"),
  );
}
