/**
 * What a filter of system calls is made from: the specification's `linux.seccomp`, and the names in it as libseccomp's numbers.
 *
 * Source: runtime-spec config-linux.md "Seccomp"; seccomp.h of libseccomp; linux/seccomp.h.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";

/** A comparison of one argument of a system call. Numbers beyond 2^53 are decimal text, which JSON keeps exactly. */
export interface SeccompArgument {
  index: number;
  value: number | string;
  valueTwo?: number | string;
  op: string;
}

/** What becomes of some system calls when all comparisons hold. */
export interface SeccompRule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: SeccompArgument[];
}

/** The specification's document. */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: SeccompRule[];
}

const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

const OPERATORS: Readonly<Record<string, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** Flags of seccomp(2), SECCOMP_SET_MODE_FILTER. */
export const SECCOMP_FLAGS = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_NEW_LISTENER: 8,
  SECCOMP_FILTER_FLAG_TSYNC_ESRCH: 16,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
} as const;

/** Flags that a document may name: the other two follow from its actions. */
const DOCUMENT_FLAGS: readonly string[] = [
  "SECCOMP_FILTER_FLAG_TSYNC",
  "SECCOMP_FILTER_FLAG_LOG",
  "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
  "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
];

/** Names of everything a document may use, for the `features` of a runtime. */
export const SECCOMP_NAMES = {
  actions: Object.keys(ACTIONS),
  operators: Object.keys(OPERATORS),
  flags: DOCUMENT_FLAGS,
} as const;

const EPERM = 1;
/** System calls have six arguments. */
const ARGUMENTS_MAX = 6;
const ERRNO_MAX = 0xffff;

/** The number of an action, with the errno that it gives. @throws {NetdError} SECCOMP_PROFILE_INVALID */
export function parseAction(name: string, errnoRet: number | undefined, at: string): number {
  const action = ACTIONS[name];
  if (action === undefined) throw invalid(`${at} is "${name}"`, `one of ${SECCOMP_NAMES.actions.join(", ")}`);
  if (errnoRet !== undefined && (!Number.isInteger(errnoRet) || errnoRet < 0 || errnoRet > ERRNO_MAX)) {
    throw invalid(`the errno of ${at} is ${errnoRet}`, `a whole number up to ${ERRNO_MAX}`);
  }
  const takesErrno = name === "SCMP_ACT_ERRNO" || name === "SCMP_ACT_TRACE";
  return takesErrno ? (action | (errnoRet ?? EPERM)) >>> 0 : action;
}

/** The arguments of a rule as an array of struct scmp_arg_cmp. @throws {NetdError} SECCOMP_PROFILE_INVALID */
export function writeComparisons(args: readonly SeccompArgument[], at: string): Buffer {
  const comparisons = Buffer.alloc(COMPARISON_BYTES * args.length);
  for (const [position, { index, op, value, valueTwo = 0 }] of args.entries()) {
    const path = `${at}.args[${position}]`;
    const operator = OPERATORS[op];
    if (operator === undefined) throw invalid(`${path}.op is "${op}"`, `one of ${SECCOMP_NAMES.operators.join(", ")}`);
    if (!Number.isInteger(index) || index < 0 || index >= ARGUMENTS_MAX) {
      throw invalid(`${path}.index is ${index}`, "a number from 0 to 5");
    }
    const offset = position * COMPARISON_BYTES;
    comparisons.writeUInt32LE(index, offset);
    comparisons.writeInt32LE(operator, offset + 4);
    comparisons.writeBigUInt64LE(parseValue(value, `${path}.value`), offset + 8);
    comparisons.writeBigUInt64LE(parseValue(valueTwo, `${path}.valueTwo`), offset + 16);
  }
  return comparisons;
}

/** Bytes of struct scmp_arg_cmp. */
export const COMPARISON_BYTES = 24;

/** The flags of a document for seccomp(2). A document without the field gets SPEC_ALLOW, as with runc. @throws {NetdError} SECCOMP_PROFILE_INVALID */
export function parseFlags({ flags }: SeccompProfile): number {
  if (flags === undefined) return SECCOMP_FLAGS.SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return flags.reduce((bits, name) => {
    if (!DOCUMENT_FLAGS.includes(name)) throw invalid(`flags has "${name}"`, `flags of ${DOCUMENT_FLAGS.join(", ")}`);
    return bits | SECCOMP_FLAGS[name as keyof typeof SECCOMP_FLAGS];
  }, 0);
}

/** An error about a document, with what is there and what ought to be. */
export function invalid(now: string, wanted: string): NetdError {
  return new NetdError("SECCOMP_PROFILE_INVALID", `Cannot use the seccomp profile: ${now}, ${wanted} wanted`, {
    remedy: "Correct the profile; config-linux.md of the OCI runtime specification lists its fields",
  });
}

function parseValue(value: number | string, at: string): bigint {
  const isExact = typeof value === "string" ? /^\d{1,20}$/.test(value) : Number.isSafeInteger(value) && value >= 0;
  const exact = isExact ? BigInt(value) : -1n;
  if (exact < 0n || exact > 0xffffffffffffffffn) throw invalid(`${at} is ${value}`, "a whole number of 64 bits");
  return exact;
}
