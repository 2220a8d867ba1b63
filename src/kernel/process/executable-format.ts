/**
 * What the first bytes of a program say of who can run it.
 *
 * Source: elf(5), execve(2).
 *
 * @module
 */

/** A program, by its first bytes. */
export type ExecutableFormat =
  /** `interpreter` is the loader of a dynamic program; absent in a static one. */
  | { kind: "elf"; machine: number; interpreter?: string }
  | { kind: "script"; interpreter: string }
  | { kind: "unknown" };

/** e_machine of elf(5) to its name; those an image may be built for. */
const MACHINES: Record<number, string> = {
  3: "x86 (32 bits)",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC (64 bits)",
  22: "S/390",
  40: "ARM (32 bits)",
  62: "x86-64",
  183: "ARM (64 bits)",
  243: "RISC-V",
  258: "LoongArch",
};

/** Node's name of this machine to e_machine. */
const OWN_MACHINE: Record<string, number> = { x64: 62, arm64: 183, riscv64: 243, loong64: 258, s390x: 22, ppc64: 21 };

const PT_INTERP = 3;
const PROGRAM_HEADERS_MAX = 64;

/** Read the format from the first bytes of a file; 4 KiB tell all of ordinary programs. */
export function parseExecutable(head: Buffer): ExecutableFormat {
  if (head.length >= 64 && head.readUInt32BE(0) === 0x7f454c46) return parseElf(head);
  if (head.length > 2 && head[0] === 0x23 && head[1] === 0x21) {
    const end = head.indexOf(0x0a);
    const line = head.toString("utf8", 2, end < 0 ? head.length : end).trim();
    return { kind: "script", interpreter: line.split(/[ \t]/, 1)[0]! };
  }
  return { kind: "unknown" };
}

/** Name a machine for a reader. */
export function formatMachine(machine: number): string {
  return MACHINES[machine] ?? `machine type ${machine}`;
}

/** e_machine of programs for the processor architecture `arch`, as `process.arch` names it. */
export function machineOf(arch: string): number | undefined {
  return OWN_MACHINE[arch];
}

function parseElf(head: Buffer): ExecutableFormat {
  const is64 = head[4] === 2;
  const isLittle = head[5] === 1;
  const u16 = (at: number) => (isLittle ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const u32 = (at: number) => (isLittle ? head.readUInt32LE(at) : head.readUInt32BE(at));
  const word = (at: number) =>
    is64 ? Number(isLittle ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at)) : u32(at);
  const machine = u16(18);
  const offset = word(is64 ? 32 : 28);
  const entrySize = u16(is64 ? 54 : 42);
  const count = Math.min(u16(is64 ? 56 : 44), PROGRAM_HEADERS_MAX);
  for (let index = 0; index < count; index++) {
    const entry = offset + index * entrySize;
    if (entry + (is64 ? 56 : 32) > head.length) break;
    if (u32(entry) !== PT_INTERP) continue;
    const from = word(entry + (is64 ? 8 : 4));
    const length = word(entry + (is64 ? 32 : 16));
    if (length < 1 || from + length > head.length) break;
    return { kind: "elf", machine, interpreter: head.toString("utf8", from, from + length - 1) };
  }
  return { kind: "elf", machine };
}
