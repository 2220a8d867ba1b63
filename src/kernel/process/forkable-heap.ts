/**
 * Makes V8's heap survive fork(2).
 *
 * V8 marks its memory MADV_DONTFORK, so that a child of a plain fork finds no heap and dies. Asking madvise(2) to undo that for one mapping
 * after the other means to read /proc/self/maps each time, 0.2 ms in which V8 may well map more. But madvise walks over holes: one call over
 * a range does all mappings in it and says ENOMEM at its end. Only mappings of devices stop it (EINVAL: the vDSO's data, rings of io_uring).
 * So the address space is cut at those once, and each pass is a handful of calls.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { lastErrno, madvise } from "../libc.ts";

interface Range {
  start: number;
  length: number;
}

const MADV_DOFORK = 11;
const EINVAL = 22;
/** End of user space with four levels of page tables; the vsyscall page lies above. */
const ADDRESS_MAX = 2 ** 47;

/** Knows where the mappings are that may not be asked about. */
export class ForkableHeap {
  #ranges: Range[] = [];

  /** Let a child forked now inherit all memory. Its last calls are system calls and next to nothing else. */
  prepare(): void {
    if (this.#pass()) return;
    this.#survey();
    // The survey has allocated, and V8 may have mapped more for it.
    this.#pass();
  }

  /** Ask range by range. False when there is none yet, or one has got a mapping that refuses. */
  #pass(): boolean {
    for (const { start, length } of this.#ranges) {
      if (madvise(start, length, MADV_DOFORK) < 0 && lastErrno() === EINVAL) return false;
    }
    return this.#ranges.length > 0;
  }

  /** Ask mapping by mapping, and note the ranges between those that refuse. */
  #survey(): void {
    const ranges: Range[] = [];
    let from = 0;
    let end = 0;
    const cut = (until: number) => {
      if (end > from) ranges.push({ start: from, length: until - from });
    };
    for (const { start, length } of parseMaps(readFileSync("/proc/self/maps", "latin1"))) {
      const isRefused = madvise(start, length, MADV_DOFORK) < 0 && lastErrno() === EINVAL;
      if (isRefused) {
        cut(start);
        from = start + length;
      }
      end = start + length;
    }
    cut(end);
    this.#ranges = ranges;
  }
}

/** Read the mappings of /proc/PID/maps (proc(5)), those of user space. */
export function parseMaps(text: string): Range[] {
  const ranges: Range[] = [];
  for (const line of text.split("\n")) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const start = Number.parseInt(from, 16);
    if (start < ADDRESS_MAX) ranges.push({ start, length: Number.parseInt(to, 16) - start });
  }
  return ranges;
}
