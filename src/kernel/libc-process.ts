/**
 * The C functions that make a process what it is: how it is cloned, how it is scheduled, what it takes itself for.
 *
 * Source: clone(2), setfsuid(2), sched_setattr(2), ioprio_set(2), set_mempolicy(2), personality(2), setdomainname(2), rt_sigtimedwait(2).
 *
 * @module
 */
import koffi from "koffi";

const libc = koffi.load("libc.so.6");

/** Numbers of system calls that differ between architectures (asm/unistd_64.h, asm-generic/unistd.h). */
const SYS_BY_ARCH: Record<string, { clone: number; ioprio_set: number; sched_setattr: number; set_mempolicy: number }> =
  {
    x64: { clone: 56, ioprio_set: 251, sched_setattr: 314, set_mempolicy: 238 },
    arm64: { clone: 220, ioprio_set: 30, sched_setattr: 274, set_mempolicy: 237 },
  };
const SYS = SYS_BY_ARCH[process.arch] ?? SYS_BY_ARCH.x64!;

const syscallClone = libc.func("syscall", "long", ["long", "ulong", "ulong", "ulong", "ulong", "ulong"]);
/** clone(2) on the same stack, without fork's handlers: for a process with one thread, or a child that does nothing but end. */
export const cloneProcess = (flags: number): number => Number(syscallClone(SYS.clone, flags, 0, 0, 0, 0));

/** Both return the id before, and never fail loudly. */
export const setfsuid = libc.func("int setfsuid(uint)") as (uid: number) => number;
export const setfsgid = libc.func("int setfsgid(uint)") as (gid: number) => number;

const syscallSchedSetattr = libc.func("syscall", "long", ["long", "int", "void*", "uint"]);
/** `attributes` is struct sched_attr (linux/sched/types.h), of the calling thread. */
export const schedSetattr = (attributes: Buffer): number =>
  Number(syscallSchedSetattr(SYS.sched_setattr, 0, attributes, 0));
/** `mask` has one bit a processor. */
export const schedSetaffinity = libc.func("int sched_setaffinity(int, size_t, void*)") as (
  pid: number,
  length: number,
  mask: Buffer,
) => number;
const syscallIoprioSet = libc.func("syscall", "long", ["long", "int", "int", "int"]);
export const ioprioSet = (which: number, who: number, priority: number): number =>
  Number(syscallIoprioSet(SYS.ioprio_set, which, who, priority));
const syscallSetMempolicy = libc.func("syscall", "long", ["long", "int", "void*", "ulong"]);
/** `nodes` has one bit a NUMA node, of which the kernel reads one fewer than `bits`. */
export const setMempolicy = (mode: number, nodes: Buffer | null, bits: number): number =>
  Number(syscallSetMempolicy(SYS.set_mempolicy, mode, nodes, bits));
export const personality = libc.func("int personality(ulong)") as (persona: number) => number;
export const setdomainname = libc.func("int setdomainname(const char*, size_t)") as (
  name: string,
  length: number,
) => number;
/** Waits for a signal of the set and takes it: its number, or -1. Both are as {@link sigprocmask} has them; `info` takes a siginfo_t. */
export const sigwaitinfo = libc.func("int sigwaitinfo(void*, void*)") as (set: Buffer, info: Buffer | null) => number;
/** Null when the working directory can't be reached from the root (getcwd(3)). */
export const getcwd = libc.func("const char* getcwd(void*, size_t)") as (into: Buffer, length: number) => string | null;
