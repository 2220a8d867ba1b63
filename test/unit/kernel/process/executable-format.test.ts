import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMachine, machineOf, parseExecutable } from "../../../../src/kernel/process/executable-format.ts";

/** An ELF header with one program header at its end. */
function elf(options: { bits: 32 | 64; isLittle?: boolean; machine: number; interpreter?: string }): Buffer {
  const { bits, isLittle = true, machine, interpreter } = options;
  const is64 = bits === 64;
  const file = Buffer.alloc(512);
  file.write(`\x7fELF${is64 ? "\x02" : "\x01"}${isLittle ? "\x01" : "\x02"}`, "latin1");
  const u16 = (value: number, at: number) => (isLittle ? file.writeUInt16LE(value, at) : file.writeUInt16BE(value, at));
  const u32 = (value: number, at: number) => (isLittle ? file.writeUInt32LE(value, at) : file.writeUInt32BE(value, at));
  const word = (value: number, at: number) => {
    if (!is64) u32(value, at);
    else if (isLittle) file.writeBigUInt64LE(BigInt(value), at);
    else file.writeBigUInt64BE(BigInt(value), at);
  };
  u16(machine, 18);
  word(128, is64 ? 32 : 28);
  u16(is64 ? 56 : 32, is64 ? 54 : 42);
  u16(1, is64 ? 56 : 44);
  if (interpreter !== undefined) {
    u32(3, 128);
    word(256, 128 + (is64 ? 8 : 4));
    word(interpreter.length + 1, 128 + (is64 ? 32 : 16));
    file.write(`${interpreter}\0`, 256);
  }
  return file;
}

test.each([
  [{ bits: 64, machine: 62, interpreter: "/lib64/ld-linux-x86-64.so.2" }],
  [{ bits: 64, machine: 183 }],
  [{ bits: 32, machine: 40, interpreter: "/lib/ld-musl-armhf.so.1" }],
  [{ bits: 32, isLittle: false, machine: 8, interpreter: "/lib/ld.so.1" }],
  [{ bits: 64, isLittle: false, machine: 22, interpreter: "/lib/ld64.so.1" }],
] as const)("parseExecutable reads machine and loader of %o", (options) => {
  const { machine } = options;
  const interpreter = "interpreter" in options ? { interpreter: options.interpreter } : {};
  expect(parseExecutable(elf(options))).toEqual({ kind: "elf", machine, ...interpreter });
});

test.each([
  ["#!/bin/sh\n", "/bin/sh"],
  ["#! /usr/bin/env -S node\n", "/usr/bin/env"],
  ["#!/bin/sh", "/bin/sh"],
  ["#!\n", ""],
])("parseExecutable reads the interpreter of %j", (text, interpreter) => {
  expect(parseExecutable(Buffer.from(text))).toEqual({ kind: "script", interpreter });
});

test.each(["", "#", "echo hello\n", "\x7fELF"])("parseExecutable knows nothing of %j", (text) => {
  expect(parseExecutable(Buffer.from(text, "latin1"))).toEqual({ kind: "unknown" });
});

test("parseExecutable takes any bytes behind a magic number", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 60, maxLength: 300 }), fc.boolean(), (bytes, isLittle) => {
      const head = Buffer.concat([Buffer.from(`\x7fELF\x02${isLittle ? "\x01" : "\x02"}`, "latin1"), bytes]);
      expect(parseExecutable(head).kind).toBe("elf");
    }),
  );
});

test("formatMachine names the machines that Node runs on", () => {
  for (const arch of ["x64", "arm64", "riscv64", "s390x", "ppc64", "loong64"]) {
    expect(formatMachine(machineOf(arch)!)).not.toMatch(/machine type/); // machineOf knows all of them
  }
  expect(formatMachine(999)).toBe("machine type 999");
});
