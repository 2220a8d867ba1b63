/**
 * Classic BPF as seccomp runs it, and the few instructions that we put before a filter.
 *
 * Source: linux/filter.h, linux/bpf_common.h, linux/seccomp.h (struct seccomp_data).
 *
 * @module
 */

/** Bytes of struct sock_filter: u16 code, u8 jt, u8 jf, u32 k. */
export const INSTRUCTION_BYTES = 8;
/** BPF_MAXINSNS: the kernel takes no longer program. */
export const INSTRUCTIONS_MAX = 4096;

const BPF_LD_W_ABS = 0x20;
const BPF_JMP_JA = 0x05;
const BPF_JMP_JEQ_K = 0x15;
const BPF_JMP_JGT_K = 0x25;
const BPF_JMP_JGE_K = 0x35;
const BPF_RET_K = 0x06;
/** Offsets in struct seccomp_data. */
const DATA_NR = 0;
const DATA_ARCH = 4;
/** Bit of system calls of the x32 interface, which share an AUDIT_ARCH with x86_64 (asm/unistd.h). */
export const X32_BIT = 0x40000000;

/** The highest system call that a profile names, of one AUDIT_ARCH value. */
export interface LastCalls {
  /** AUDIT_ARCH_* of linux/audit.h. */
  arch: number;
  /** Absent: the profile is not about this interface. */
  last?: number;
  /** The same for x32, its bit included; only together with x86_64. */
  lastX32?: number;
}

/**
 * Instructions that answer `action` for every system call that is newer than all that a profile names: its author never heard of it, so a
 * C library must be told "there is no such call" and fall back, instead of "permission denied". What follows is the filter itself.
 */
export function writeNewCallGuard(archs: readonly LastCalls[], action: number): Buffer {
  const code: [code: number, jt: number, jf: number, k: number][] = [[BPF_LD_W_ABS, 0, 0, DATA_ARCH]];
  const parts = archs.map(({ arch, last, lastX32 }) => {
    const body: typeof code = [[BPF_LD_W_ABS, 0, 0, DATA_NR]];
    const check = (limit: number | undefined): typeof code =>
      limit === undefined
        ? []
        : [
            [BPF_JMP_JGT_K, 0, 1, limit],
            [BPF_RET_K, 0, 0, action],
          ];
    const own = check(last);
    if (arch === AUDIT_ARCH_X86_64) {
      // The x32 part, or the jump over it, lies behind the plain one.
      const x32 = check(lastX32);
      body.push([BPF_JMP_JGE_K, own.length + 1, 0, X32_BIT], ...own, [BPF_JMP_JA, 0, 0, x32.length], ...x32);
    } else body.push(...own);
    return { arch, body };
  });
  for (const [index, { arch, body }] of parts.entries()) {
    const rest = parts.slice(index + 1).reduce((sum, part) => sum + part.body.length + 2, 0);
    // Behind each body: over all that remains of this guard.
    code.push([BPF_JMP_JEQ_K, 0, body.length + 1, arch], ...body, [BPF_JMP_JA, 0, 0, rest]);
  }
  const bytes = Buffer.alloc(code.length * INSTRUCTION_BYTES);
  for (const [index, [opcode, jt, jf, k]] of code.entries()) {
    const at = index * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(opcode, at);
    bytes.writeUInt8(jt, at + 2);
    bytes.writeUInt8(jf, at + 3);
    bytes.writeUInt32LE(k, at + 4);
  }
  return bytes;
}

/** linux/audit.h: EM_X86_64, 64 bits, little endian. */
export const AUDIT_ARCH_X86_64 = 0xc000003e;
