/**
 * What a cgroup has used, in the document that runc's `events --stats` prints: others parse it, so names and units are theirs.
 *
 * @module
 */

/** A count of the kernel; a bigint where a number would not be exact. */
export type Count = number | bigint;

/** One figure of one block device. */
export interface BlkioEntry {
  major: number;
  minor: number;
  /** `Read`, `Write`, `Sync`, `Async`, `Discard`, `Total`. */
  op: string;
  value: Count;
}

/** Sizes in bytes. A limit of "none" is the largest number that the kernel has. */
export interface MemoryEntry {
  limit: Count;
  usage: Count;
  /** Highest usage so far. */
  max?: Count;
  /** How often the limit was hit. */
  failcnt: Count;
}

/** Times in nanoseconds. */
export interface CgroupStats {
  cpu: {
    usage: {
      total: Count;
      percpu?: Count[];
      percpu_kernel?: Count[];
      percpu_user?: Count[];
      kernel: Count;
      user: Count;
    };
    throttling: { periods: Count; throttledPeriods: Count; throttledTime: Count };
  };
  cpuset: Partial<{
    cpus: number[];
    mems: number[];
    cpu_exclusive: Count;
    mem_hardwall: Count;
    mem_exclusive: Count;
    memory_migrate: Count;
    memory_spread_page: Count;
    memory_spread_slab: Count;
    memory_pressure: Count;
    sched_load_balance: Count;
    sched_relax_domain_level: Count;
  }>;
  memory: {
    cache: Count;
    usage: MemoryEntry;
    swap: MemoryEntry;
    kernel: MemoryEntry;
    kernelTCP: MemoryEntry;
    /** Lines of memory.stat. */
    raw: Record<string, Count>;
  };
  pids: { current: Count; limit?: Count };
  blkio: {
    ioServiceBytesRecursive: BlkioEntry[];
    ioServicedRecursive: BlkioEntry[];
  };
  /** By page size, such as `2MB`. */
  hugetlb: Record<string, { usage: Count; max?: Count; failcnt: Count }>;
}
