/**
 * Rules for `linux.seccomp` of a configuration.
 *
 * Source: runtime-spec config-linux.md, "Seccomp"; seccomp(2).
 *
 * @module
 */
import { SECCOMP_NAMES } from "../../kernel/index.ts";
import { absolutePath, UINT64_MAX } from "./basic-rules.ts";
import type { OciSeccomp, OciSeccompArg, OciSeccompSyscall } from "./config.ts";
import {
  bigInteger,
  checked,
  integer,
  list,
  object,
  oneOf,
  type Rule,
  refuse,
  required,
  text,
  unlessEmpty,
} from "./rule.ts";

/** Names of architectures; which of them work depends on libseccomp. */
export const SECCOMP_ARCHITECTURES: readonly string[] = (
  "AARCH64 ARM LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PARISC PARISC64 PPC PPC64 PPC64LE RISCV64 S390 S390X SH " +
  "SHEB X32 X86 X86_64"
)
  .split(" ")
  .map((name) => `SCMP_ARCH_${name}`);

/** Actions that carry a number back. */
const WITH_ERRNO: readonly string[] = ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"];
/** SECCOMP_RET_DATA has 16 bits. */
const ERRNO_MAX = 0xffff;
const LAST_ARGUMENT = 5;

const errno = integer(0, ERRNO_MAX);

const argument = object<OciSeccompArg>({
  index: required(integer(0, LAST_ARGUMENT)),
  value: required(bigInteger(0, UINT64_MAX)),
  valueTwo: bigInteger(0, UINT64_MAX),
  op: required(oneOf(SECCOMP_NAMES.operators)),
});

const syscall = checked(
  object<OciSeccompSyscall>({
    names: required(
      checked(list(text("the name of a system call is wanted", /./)), (names, path) =>
        names.length > 0 ? names : refuse(path, "it is empty", "at least one name is wanted"),
      ),
    ),
    action: required(oneOf(SECCOMP_NAMES.actions)),
    errnoRet: errno,
    args: list(argument),
  }),
  (entry, path) => {
    checkErrno(entry.action, entry.errnoRet, `${path}.errnoRet`);
    return entry;
  },
);

/** Take `linux.seccomp`. */
export const seccompRule: Rule<OciSeccomp> = checked(
  object<OciSeccomp>({
    defaultAction: required(oneOf(SECCOMP_NAMES.actions)),
    defaultErrnoRet: errno,
    architectures: list(oneOf(SECCOMP_ARCHITECTURES)),
    flags: list(oneOf(SECCOMP_NAMES.flags)),
    listenerPath: unlessEmpty(absolutePath),
    listenerMetadata: unlessEmpty(text()),
    syscalls: list(syscall),
  }),
  checkSeccomp,
);

function checkErrno(action: string, errnoRet: number | undefined, path: string): void {
  if (errnoRet === undefined || WITH_ERRNO.includes(action)) return;
  refuse(path, `the action is ${action}`, `${WITH_ERRNO.join(" or ")} is wanted, as no other returns a number`);
}

function checkSeccomp(profile: OciSeccomp, path: string): OciSeccomp {
  const { defaultAction, defaultErrnoRet, listenerPath, listenerMetadata, syscalls = [] } = profile;
  checkErrno(defaultAction, defaultErrnoRet, `${path}.defaultErrnoRet`);
  if (defaultAction === "SCMP_ACT_NOTIFY") {
    refuse(
      `${path}.defaultAction`,
      "it is SCMP_ACT_NOTIFY",
      "any other is wanted, or nobody could answer the first call",
    );
  }
  if (listenerMetadata !== undefined && listenerPath === undefined) {
    refuse(`${path}.listenerMetadata`, "there is no listenerPath", "both or none are wanted");
  }
  for (const [index, { action, names }] of syscalls.entries()) {
    if (action !== "SCMP_ACT_NOTIFY") continue;
    if (listenerPath === undefined) {
      refuse(
        `${path}.syscalls[${index}].action`,
        "it is SCMP_ACT_NOTIFY without a listenerPath",
        "a socket to send to is wanted",
      );
    }
    if (names.includes("write")) {
      refuse(
        `${path}.syscalls[${index}].names`,
        "write would wait for the listener",
        "it is needed to reach the listener",
      );
    }
  }
  return profile;
}
