import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDeviceProgram } from "../../../../src/kernel/cgroup/device-program.ts";
import type { CgroupDeviceRule } from "../../../../src/kernel/index.ts";

/** What the kernel asks. */
interface Question {
  type: "b" | "c";
  major: number;
  minor: number;
  /** Bits: 1 mknod, 2 read, 4 write. */
  access: number;
}

/** Run a program as the kernel would: the few instructions that we use (instruction-set.rst). */
function run(program: Buffer, { type, major, minor, access }: Question): boolean {
  const context = [(access << 16) | (type === "b" ? 1 : 2), major, minor];
  const registers = Array.from({ length: 11 }, () => 0);
  for (let at = 0; ; at += 8) {
    const code = program.readUInt8(at);
    const [to, from] = [program.readUInt8(at + 1) & 15, program.readUInt8(at + 1) >> 4];
    const [offset, value] = [program.readInt16LE(at + 2), program.readInt32LE(at + 4)];
    const a = registers[to] ?? 0;
    const b = registers[from] ?? 0;
    if (code === 0x95) return registers[0] === 1;
    if (code === 0x61) registers[to] = context[offset / 4] ?? 0;
    else if (code === 0xb7) registers[to] = value;
    else if (code === 0xbf) registers[to] = b;
    else if (code === 0x57) registers[to] = a & value;
    else if (code === 0x77) registers[to] = a >>> value;
    else if (code === 0x15) at += a === value ? offset * 8 : 0;
    else if (code === 0x55) at += a !== value ? offset * 8 : 0;
    else if (code === 0x5d) at += a !== b ? offset * 8 : 0;
    else throw new Error(`unknown instruction ${code.toString(16)}`);
  }
}

const ACCESS_BITS: Record<string, number> = { m: 1, r: 2, w: 4 };

/** The rules in plain words: the last that fits decides. */
function decide(rules: readonly CgroupDeviceRule[], { type, major, minor, access }: Question): boolean {
  const bits = (letters = "rwm"): number => [...letters].reduce((sum, letter) => sum | (ACCESS_BITS[letter] ?? 0), 0);
  const fitting = rules.toReversed().find((rule) => {
    if ((rule.type ?? "a") === "a") return true;
    if (rule.type !== type || (rule.major ?? major) !== major || (rule.minor ?? minor) !== minor) return false;
    return rule.allow ? (access & ~bits(rule.access)) === 0 : (access & bits(rule.access)) !== 0;
  });
  return fitting?.allow ?? true;
}

const small = fc.integer({ min: 0, max: 2 });
const rule: fc.Arbitrary<CgroupDeviceRule> = fc.record(
  {
    allow: fc.boolean(),
    type: fc.constantFrom("a", "b", "c"),
    major: small,
    minor: small,
    access: fc.constantFrom("r", "w", "m", "rw", "rm", "wm", "rwm"),
  },
  { requiredKeys: ["allow"] },
);
const question: fc.Arbitrary<Question> = fc.record({
  type: fc.constantFrom("b", "c"),
  major: small,
  minor: small,
  access: fc.integer({ min: 1, max: 7 }),
});

describe("formatDeviceProgram", () => {
  test("formatDeviceProgram decides as its rules do", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), question, (rules, asked) => {
        expect(run(formatDeviceProgram(rules), asked)).toBe(decide(rules, asked));
      }),
      { numRuns: 2000 },
    );
  });

  test("formatDeviceProgram allows everything without rules", () => {
    expect(run(formatDeviceProgram([]), { type: "c", major: 1, minor: 3, access: 7 })).toBe(true);
  });
});
