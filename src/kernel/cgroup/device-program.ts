/**
 * Device access in version 2: rules become a BPF program, which the kernel asks at each open(2) and mknod(2) of a device.
 *
 * Source: linux/bpf.h (struct bpf_insn, struct bpf_cgroup_dev_ctx), Documentation/bpf/standardization/instruction-set.rst.
 *
 * @module
 */
import { check } from "../errno.ts";
import { addressOf, bpf, close, open } from "../libc.ts";
import type { CgroupDeviceRule } from "./resources.ts";

// linux/bpf.h
const BPF_PROG_LOAD = 5;
const BPF_PROG_ATTACH = 8;
const BPF_PROG_QUERY = 16;
const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
const BPF_CGROUP_DEVICE = 6;
/** Programs of the parents are asked as well. */
const BPF_F_ALLOW_MULTI = 2;
const DEVICE_TYPE = { b: 1, c: 2 } as const;
const ACCESS_BIT: Record<string, number> = { m: 1, r: 2, w: 4 };
const ALL_ACCESS = 7;
/** Offsets in struct bpf_cgroup_dev_ctx; the first word is the access shifted left by 16, and the type. */
const CONTEXT = { accessAndType: 0, major: 4, minor: 8 } as const;

/** Operation codes: class, source and operation in one byte. */
const OP = {
  loadWord: 0x61,
  move: 0xb7,
  moveRegister: 0xbf,
  and: 0x57,
  shiftRight: 0x77,
  jumpIfEqual: 0x15,
  jumpIfNot: 0x55,
  jumpIfNotRegister: 0x5d,
  exit: 0x95,
} as const;
/** Registers: r0 is the answer and r1 the context. */
const R = { answer: 0, context: 1, type: 2, access: 3, major: 4, minor: 5, scratch: 6 } as const;
const INSTRUCTION_LENGTH = 8;
const PROGRAM_ATTRIBUTES_LENGTH = 48;
const ATTACH_ATTRIBUTES_LENGTH = 20;
const QUERY_ATTRIBUTES_LENGTH = 32;

const O_RDONLY = 0;
const O_DIRECTORY = 0o200000;
const O_CLOEXEC = 0o2000000;

interface Instruction {
  code: number;
  to?: number;
  from?: number;
  /** Instructions to jump over; -1 stands for "to the next rule". */
  offset?: number;
  value?: number;
}

const TO_NEXT_RULE = -1;

/** Assemble the program. As in version 1 the last rule that fits decides, and what no rule names is allowed. */
export function formatDeviceProgram(rules: readonly CgroupDeviceRule[]): Buffer {
  const program: Instruction[] = [
    { code: OP.loadWord, to: R.type, from: R.context, offset: CONTEXT.accessAndType },
    { code: OP.moveRegister, to: R.access, from: R.type },
    { code: OP.and, to: R.type, value: 0xffff },
    { code: OP.shiftRight, to: R.access, value: 16 },
    { code: OP.loadWord, to: R.major, from: R.context, offset: CONTEXT.major },
    { code: OP.loadWord, to: R.minor, from: R.context, offset: CONTEXT.minor },
  ];
  for (const rule of rules.toReversed()) {
    program.push(...formatRule(rule));
    // What follows a rule that fits everything would be dead code, which the verifier refuses.
    if (isForAll(rule)) return encode(program);
  }
  return encode([...program, ...answer(true)]);
}

/** Hold a cgroup of version 2, and all below it, to device rules, once: one that has a program of its own is left alone. */
export function attachDeviceProgram(directory: string, rules: readonly CgroupDeviceRule[]): void {
  const cgroup = check(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), () => `open(${directory})`);
  try {
    if (countPrograms(cgroup, directory) > 0) return;
    const program = loadProgram(formatDeviceProgram(rules));
    const attributes = Buffer.alloc(ATTACH_ATTRIBUTES_LENGTH);
    [cgroup, program, BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI].forEach((value, at) => {
      attributes.writeUInt32LE(value, at * 4);
    });
    try {
      check(bpf(BPF_PROG_ATTACH, attributes), () => `attach the device program to ${directory}`);
    } finally {
      close(program);
    }
  } finally {
    close(cgroup);
  }
}

function countPrograms(cgroup: number, directory: string): number {
  const attributes = Buffer.alloc(QUERY_ATTRIBUTES_LENGTH);
  attributes.writeUInt32LE(cgroup, 0);
  attributes.writeUInt32LE(BPF_CGROUP_DEVICE, 4);
  check(bpf(BPF_PROG_QUERY, attributes), () => `ask for the device programs of ${directory}`);
  return attributes.readUInt32LE(24);
}

function loadProgram(program: Buffer): number {
  const license = Buffer.from("MIT\0");
  const attributes = Buffer.alloc(PROGRAM_ATTRIBUTES_LENGTH);
  attributes.writeUInt32LE(BPF_PROG_TYPE_CGROUP_DEVICE, 0);
  attributes.writeUInt32LE(program.length / INSTRUCTION_LENGTH, 4);
  attributes.writeBigUInt64LE(addressOf(program), 8);
  attributes.writeBigUInt64LE(addressOf(license), 16);
  return check(
    bpf(BPF_PROG_LOAD, attributes),
    () => `load the device program (BPF_PROG_LOAD, ${program.length / INSTRUCTION_LENGTH} instructions)`,
  );
}

function isForAll({ type = "a" }: CgroupDeviceRule): boolean {
  return type === "a";
}

/** The tests of one rule, each of which jumps to the next rule when it fails, and its answer. */
function formatRule(rule: CgroupDeviceRule): Instruction[] {
  const { allow, type = "a", major, minor } = rule;
  if (type === "a") return answer(allow);
  const tests: Instruction[] = [
    { code: OP.jumpIfNot, to: R.type, offset: TO_NEXT_RULE, value: DEVICE_TYPE[type] },
    ...formatAccessTest(rule),
    ...(major === undefined || major < 0
      ? []
      : [{ code: OP.jumpIfNot, to: R.major, offset: TO_NEXT_RULE, value: major }]),
    ...(minor === undefined || minor < 0
      ? []
      : [{ code: OP.jumpIfNot, to: R.minor, offset: TO_NEXT_RULE, value: minor }]),
    ...answer(allow),
  ];
  return tests.map((test, at) => (test.offset === TO_NEXT_RULE ? { ...test, offset: tests.length - at - 1 } : test));
}

/** Allowing needs all of what is asked to be allowed; denying needs one of it to be denied. */
function formatAccessTest({ allow, access = "rwm" }: CgroupDeviceRule): Instruction[] {
  const bits = [...access].reduce((sum, letter) => sum | (ACCESS_BIT[letter] ?? 0), 0);
  if (bits === ALL_ACCESS) return [];
  return [
    { code: OP.moveRegister, to: R.scratch, from: R.access },
    { code: OP.and, to: R.scratch, value: bits },
    allow
      ? { code: OP.jumpIfNotRegister, to: R.scratch, from: R.access, offset: TO_NEXT_RULE }
      : { code: OP.jumpIfEqual, to: R.scratch, offset: TO_NEXT_RULE, value: 0 },
  ];
}

function answer(isAllowed: boolean): Instruction[] {
  return [{ code: OP.move, to: R.answer, value: isAllowed ? 1 : 0 }, { code: OP.exit }];
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * INSTRUCTION_LENGTH);
  program.forEach(({ code, to = 0, from = 0, offset = 0, value = 0 }, index) => {
    const at = index * INSTRUCTION_LENGTH;
    bytes.writeUInt8(code, at);
    bytes.writeUInt8(to | (from << 4), at + 1);
    bytes.writeInt16LE(offset, at + 2);
    bytes.writeInt32LE(value, at + 4);
  });
  return bytes;
}
