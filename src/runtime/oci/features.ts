/**
 * The document that tells callers what this runtime takes, whatever the host can do.
 *
 * Source: runtime-spec features.md and features-linux.md.
 *
 * @module
 */
import { SECCOMP_NAMES } from "../../kernel/index.ts";
import { CAPABILITIES } from "../../kernel/process/index.ts";
import { MOUNT_OPTIONS } from "../plan/mount-options.ts";
import { OCI_VERSION } from "./config.ts";
import { MEMORY_POLICIES, MEMORY_POLICY_FLAGS, NAMESPACE_TYPES } from "./linux-rules.ts";
import { HOOK_KINDS } from "./parse-config.ts";

/** Architectures of libseccomp 2.5, the oldest that we run with. */
const SECCOMP_ARCHITECTURES =
  "AARCH64 ARM MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PARISC PARISC64 PPC PPC64 PPC64LE RISCV64 S390 S390X X32 X86 X86_64"
    .split(" ")
    .map((name) => `SCMP_ARCH_${name}`);

/** Make the features document. */
export function describeFeatures(version: string): object {
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: OCI_VERSION,
    hooks: HOOK_KINDS,
    mountOptions: MOUNT_OPTIONS,
    linux: {
      namespaces: NAMESPACE_TYPES,
      capabilities: CAPABILITIES,
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: [...SECCOMP_NAMES.actions].sort(),
        operators: [...SECCOMP_NAMES.operators].sort(),
        archs: SECCOMP_ARCHITECTURES,
        knownFlags: SECCOMP_NAMES.flags,
        supportedFlags: SECCOMP_NAMES.flags,
      },
      apparmor: { enabled: false },
      selinux: { enabled: false },
      intelRdt: { enabled: false },
      memoryPolicy: { modes: MEMORY_POLICIES, flags: MEMORY_POLICY_FLAGS },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    annotations: { "io.netd.runtime.version": version },
    potentiallyUnsafeConfigAnnotations: [],
  };
}
