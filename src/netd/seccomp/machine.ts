/**
 * What a seccomp profile may depend on besides its container: the architecture and the kernel.
 *
 * @module
 */

/** The machine that containers run on. */
export interface Machine {
  /** Docker's name: `amd64`, `arm64`. */
  arch: string;
  /** Of uname(2), such as `6.1.0-18-amd64`. */
  kernelVersion: string;
}

/** Name of Node to docker's (GOARCH). */
const ARCH_NAMES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "x86" };

/** Docker's architecture to libseccomp's names of it and of those whose programs it runs too. */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  amd64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  ppc64le: ["SCMP_ARCH_PPC64LE"],
  riscv64: ["SCMP_ARCH_RISCV64"],
  s390x: ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
};

/** Name a machine as docker does. */
export function describeMachine(nodeArch: string, kernelVersion: string): Machine {
  return { arch: ARCH_NAMES[nodeArch] ?? nodeArch, kernelVersion };
}

/** Libseccomp's names of the machine's architectures, its own first. */
export function seccompArchitectures({ arch }: Machine): string[] {
  return [...(ARCHITECTURES[arch] ?? [])];
}

/** Whether the kernel is of this version or a later one. */
export function isKernelAtLeast({ kernelVersion }: Machine, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = kernelVersion.split(/[.-]/).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
