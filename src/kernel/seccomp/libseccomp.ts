/**
 * The functions of libseccomp(3) that we call. Loaded on demand: only a runtime that compiles a filter needs the library.
 *
 * @module
 */
import koffi from "koffi";
import { NetdError } from "../../errors.ts";

/** A `scmp_filter_ctx`. */
export type SeccompContext = { readonly __seccompContext: never };

/** Functions return 0 or a negative errno, unless they say otherwise. */
export interface LibSeccomp {
  /** Null when the action is invalid or unknown to the kernel. */
  init(defaultAction: number): SeccompContext | null;
  release(context: SeccompContext): void;
  /** Token of the machine's own architecture. */
  nativeArch(): number;
  /** Token of an architecture such as `x86_64`; 0 when the library does not know it. */
  resolveArch(name: string): number;
  addArch(context: SeccompContext, token: number): number;
  /** Number of a system call on this machine; negative for one of another architecture, and -1 for none at all. */
  resolveCall(name: string): number;
  /** The same for an architecture of one's choice. */
  resolveCallOf(token: number, name: string): number;
  /** `comparisons` is an array of struct scmp_arg_cmp: uint32 arg, int op, u64 a, u64 b. */
  addRule(context: SeccompContext, action: number, call: number, count: number, comparisons: Buffer | null): number;
  setAttribute(context: SeccompContext, attribute: number, value: number): number;
  /** Write the filter as an array of struct sock_filter. */
  exportProgram(context: SeccompContext, fd: number): number;
}

/** Load the library. @throws {NetdError} KERNEL_FEATURE_MISSING when it is not installed */
export function loadLibSeccomp(): LibSeccomp {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load("libseccomp.so.2");
  } catch (cause) {
    throw new NetdError("KERNEL_FEATURE_MISSING", "Cannot filter system calls: libseccomp.so.2 is not installed", {
      remedy: "Install it with 'apt-get install libseccomp2', or start the container without a seccomp profile",
      cause,
    });
  }
  return {
    init: library.func("void* seccomp_init(uint32_t)"),
    release: library.func("void seccomp_release(void*)"),
    nativeArch: library.func("uint32_t seccomp_arch_native()"),
    resolveArch: library.func("uint32_t seccomp_arch_resolve_name(const char*)"),
    addArch: library.func("int seccomp_arch_add(void*, uint32_t)"),
    resolveCall: library.func("int seccomp_syscall_resolve_name(const char*)"),
    resolveCallOf: library.func("int seccomp_syscall_resolve_name_arch(uint32_t, const char*)"),
    addRule: library.func("int seccomp_rule_add_array(void*, uint32_t, int, unsigned int, const void*)"),
    setAttribute: library.func("int seccomp_attr_set(void*, int, uint32_t)"),
    exportProgram: library.func("int seccomp_export_bpf(void*, int)"),
  } as LibSeccomp;
}
