/**
 * Runs a seccomp filter as the kernel would: what a filter says, without a process that has to live with it.
 *
 * Source: linux/filter.h, linux/bpf_common.h, linux/seccomp.h.
 *
 * @module
 */

/** A system call as a filter sees it: struct seccomp_data. */
export interface FilteredCall {
  nr: number;
  /** AUDIT_ARCH_*; x86_64 when absent. */
  arch?: number;
  args?: (bigint | number)[];
}

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_I386 of linux/audit.h. */
export const X86_64 = 0xc000003e;
export const I386 = 0x40000003;

const ARGUMENTS = 6;

/** The value that the filter returns: an action and its data (SECCOMP_RET_*). */
export function runFilter(program: Buffer, { nr, arch = X86_64, args = [] }: FilteredCall): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr, 0);
  data.writeUInt32LE(arch, 4);
  for (let index = 0; index < ARGUMENTS; index++) {
    data.writeBigUInt64LE(BigInt(args[index] ?? 0), 16 + 8 * index);
  }
  let accumulator = 0;
  for (let pc = 0; pc < program.length / 8; pc++) {
    const code = program.readUInt16LE(pc * 8);
    const k = program.readUInt32LE(pc * 8 + 4);
    const jump = (isTrue: boolean): void => {
      pc += program.readUInt8(pc * 8 + (isTrue ? 2 : 3));
    };
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x25) jump(accumulator > k);
    else if (code === 0x35) jump(accumulator >= k);
    else if (code === 0x45) jump((accumulator & k) !== 0);
    else if (code === 0x06) return k;
    else throw new Error(`instruction ${pc} has code 0x${code.toString(16)}`);
  }
  throw new Error("the program has no end");
}

/** A verdict in words: `allow`, `errno 1`, `kill` … */
export function describeVerdict(value: number): string {
  const data = value & 0xffff;
  const names: Record<number, string> = {
    2147483648: "kill process",
    0: "kill thread",
    196608: "trap",
    327680: `errno ${data}`,
    2143289344: "notify",
    2146435072: `trace ${data}`,
    2147221504: "log",
    2147418112: "allow",
  };
  return names[(value & 0xffff0000) >>> 0] ?? `0x${value.toString(16)}`;
}
