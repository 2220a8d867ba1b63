import { describe, expect, test } from "vitest";
import type { CgroupLayout } from "../../../../src/kernel/cgroup/layout.ts";
import type { CgroupResources } from "../../../../src/kernel/cgroup/resources.ts";
import { formatCgroupSettings } from "../../../../src/kernel/cgroup/settings.ts";
import { weightOfShares } from "../../../../src/kernel/cgroup/settings-v2.ts";

const V1: CgroupLayout = {
  version: "v1",
  v1: Object.fromEntries(
    ["memory", "cpu", "pids", "devices", "blkio", "cpuset", "hugetlb", "net_cls", "net_prio", "rdma"].map((name) => [
      name,
      `/${name}`,
    ]),
  ),
};
const V2: CgroupLayout = { version: "v2", v1: {}, unified: "/c" };

function settings(resources: CgroupResources, layout: CgroupLayout): string[] {
  return formatCgroupSettings(resources, layout).map(
    ({ mountPoint, file, text, isOptional, instead }) =>
      `${mountPoint}/${file}=${text}${isOptional ? "?" : ""}${instead === undefined ? "" : ` | ${instead.file}=${instead.text}`}`,
  );
}

const MIB = 2 ** 20;

/** What is asked, and what is written in version 1 and in version 2; `?` marks what a host may lack. */
const CASES: [name: string, resources: CgroupResources, v1: string[], v2: string[]][] = [
  ["nothing", {}, [], []],
  [
    "zeros, which ask for nothing",
    { memory: { limit: 0, swap: 0 }, cpu: { shares: 0, quota: 0 }, pids: { limit: 0 } },
    [],
    [],
  ],
  [
    "memory",
    { memory: { limit: MIB, reservation: MIB / 2, swappiness: 60 } },
    [
      "/memory/memory.limit_in_bytes=1048576",
      "/memory/memory.soft_limit_in_bytes=524288",
      "/memory/memory.swappiness=60",
    ],
    ["/c/memory.max=1048576", "/c/memory.low=524288"],
  ],
  [
    "memory and swap, which version 2 counts apart",
    { memory: { limit: MIB, swap: 3 * MIB } },
    ["/memory/memory.limit_in_bytes=1048576", "/memory/memory.memsw.limit_in_bytes=3145728"],
    ["/c/memory.max=1048576", "/c/memory.swap.max=2097152"],
  ],
  [
    "as much swap as memory, which is none",
    { memory: { limit: MIB, swap: MIB } },
    ["/memory/memory.limit_in_bytes=1048576", "/memory/memory.memsw.limit_in_bytes=1048576"],
    ["/c/memory.max=1048576", "/c/memory.swap.max=0?"],
  ],
  [
    "unlimited swap",
    { memory: { limit: MIB, swap: -1 } },
    ["/memory/memory.limit_in_bytes=1048576", "/memory/memory.memsw.limit_in_bytes=-1?"],
    ["/c/memory.max=1048576", "/c/memory.swap.max=max?"],
  ],
  [
    "unlimited memory, which takes the limit of swap along",
    { memory: { limit: -1 } },
    ["/memory/memory.limit_in_bytes=-1", "/memory/memory.memsw.limit_in_bytes=-1?"],
    ["/c/memory.max=max", "/c/memory.swap.max=max?"],
  ],
  [
    "a limit beyond what numbers are exact to",
    { memory: { limit: 2 ** 63 - 4096 } },
    ["/memory/memory.limit_in_bytes=9223372036854771712"],
    ["/c/memory.max=9223372036854771712"],
  ],
  ["kernel memory, which no kernel limits any more", { memory: { kernel: MIB, kernelTCP: MIB } }, [], []],
  ["no OOM killer", { memory: { disableOOMKiller: true } }, ["/memory/memory.oom_control=1"], []],
  [
    "a share of the processors, the period before the quota that is checked against it",
    { cpu: { shares: 512, quota: 5000, period: 10_000, burst: 1000 } },
    ["/cpu/cpu.shares=512", "/cpu/cpu.cfs_period_us=10000", "/cpu/cpu.cfs_quota_us=5000", "/cpu/cpu.cfs_burst_us=1000"],
    ["/c/cpu.weight=59", "/c/cpu.max=5000 10000", "/c/cpu.max.burst=1000"],
  ],
  ["a period alone", { cpu: { period: 50_000 } }, ["/cpu/cpu.cfs_period_us=50000"], ["/c/cpu.max=max 50000"]],
  ["no quota", { cpu: { quota: -1 } }, ["/cpu/cpu.cfs_quota_us=-1"], ["/c/cpu.max=max 100000"]],
  [
    "realtime, which version 2 does not have",
    { cpu: { realtimePeriod: 1000, realtimeRuntime: 500 } },
    ["/cpu/cpu.rt_period_us=1000", "/cpu/cpu.rt_runtime_us=500"],
    [],
  ],
  ["idle", { cpu: { idle: 1, shares: 512 } }, ["/cpu/cpu.shares=512", "/cpu/cpu.idle=1"], ["/c/cpu.idle=1"]],
  [
    "processors and memory nodes",
    { cpu: { cpus: "0-1", mems: "0" } },
    ["/cpuset/cpuset.cpus=0-1", "/cpuset/cpuset.mems=0"],
    ["/c/cpuset.cpus=0-1", "/c/cpuset.mems=0"],
  ],
  ["processes", { pids: { limit: 7 } }, ["/pids/pids.max=7"], ["/c/pids.max=7"]],
  ["any number of processes", { pids: { limit: -1 } }, ["/pids/pids.max=max"], ["/c/pids.max=max"]],
  [
    "weights of block I/O",
    { blockIO: { weight: 500, weightDevice: [{ major: 8, minor: 0, weight: 10 }] } },
    [
      "/blkio/blkio.bfq.weight=500 | blkio.weight=500",
      "/blkio/blkio.bfq.weight_device=8:0 10 | blkio.weight_device=8:0 10",
    ],
    ["/c/io.bfq.weight=500 | io.weight=default 4950", "/c/io.bfq.weight=8:0 10 | io.weight=8:0 1"],
  ],
  [
    "throttles of block I/O",
    {
      blockIO: {
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: MIB }],
        throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 0 }],
        throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 10 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 20 }],
      },
    },
    [
      "/blkio/blkio.throttle.read_bps_device=8:0 1048576",
      "/blkio/blkio.throttle.write_bps_device=8:0 0",
      "/blkio/blkio.throttle.read_iops_device=8:0 10",
      "/blkio/blkio.throttle.write_iops_device=8:16 20",
    ],
    ["/c/io.max=8:0 rbps=1048576", "/c/io.max=8:0 wbps=max", "/c/io.max=8:0 riops=10", "/c/io.max=8:16 wiops=20"],
  ],
  [
    "huge pages",
    { hugepageLimits: [{ pageSize: "2MB", limit: 0 }] },
    ["/hugetlb/hugetlb.2MB.limit_in_bytes=0", "/hugetlb/hugetlb.2MB.rsvd.limit_in_bytes=0?"],
    ["/c/hugetlb.2MB.max=0", "/c/hugetlb.2MB.rsvd.max=0?"],
  ],
  [
    "RDMA",
    { rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10 }, mlx4_0: { hcaObjects: 1 } } },
    ["/rdma/rdma.max=mlx5_1 hca_handle=3 hca_object=10", "/rdma/rdma.max=mlx4_0 hca_object=1"],
    ["/c/rdma.max=mlx5_1 hca_handle=3 hca_object=10", "/c/rdma.max=mlx4_0 hca_object=1"],
  ],
];

describe("formatCgroupSettings", () => {
  test.each(CASES)("formatCgroupSettings writes %s", (_name, resources, v1, v2) => {
    expect(settings(resources, V1)).toEqual(v1);
    expect(settings(resources, V2)).toEqual(v2);
  });

  test("formatCgroupSettings writes network classes in version 1", () => {
    const network = { classID: 1_048_577, priorities: [{ name: "eth0", priority: 5 }] };
    expect(settings({ network }, V1)).toEqual([
      "/net_cls/net_cls.classid=1048577",
      "/net_prio/net_prio.ifpriomap=eth0 5",
    ]);
  });

  test("formatCgroupSettings writes files of version 2 as they are named, line by line", () => {
    const unified = { "memory.high": "1048576", "io.max": "8:0 rbps=1\n8:16 wbps=2", "hugetlb.2MB.max": "0" };
    expect(settings({ unified }, V2)).toEqual([
      "/c/memory.high=1048576",
      "/c/io.max=8:0 rbps=1",
      "/c/io.max=8:16 wbps=2",
      "/c/hugetlb.2MB.max=0",
    ]);
  });

  test.each([
    [{ allow: false }, "devices.deny=a"],
    [{ allow: false, access: "rwm" }, "devices.deny=a"],
    [{ allow: true, type: "c", major: 1, minor: 3, access: "rw" }, "devices.allow=c 1:3 rw"],
    [{ allow: true, type: "c", major: 136 }, "devices.allow=c 136:* rwm"],
    [{ allow: true, type: "c", major: 136, minor: -1 }, "devices.allow=c 136:* rwm"],
    [{ allow: true, type: "b" }, "devices.allow=b *:* rwm"],
  ] as const)("formatCgroupSettings writes %j as %s", (rule, wanted) => {
    expect(settings({ devices: [rule] }, V1)).toEqual([`/devices/${wanted}`]);
  });

  test.each([
    ["less for memory and swap together than for memory", { memory: { limit: 2 * MIB, swap: MIB } }, "v1 v2"],
    ["swap without a limit of memory", { memory: { swap: MIB } }, "v2"],
    ["a swappiness above 100", { memory: { swappiness: 101 } }, "v1"],
    ["shares that the kernel would change", { cpu: { shares: 1 } }, "v1"],
    ["shares that the kernel would change", { cpu: { shares: 262_145 } }, "v1"],
    ["a weight out of range", { blockIO: { weight: 9 } }, "v1 v2"],
    ["a page size that is part of a path", { hugepageLimits: [{ pageSize: "../2MB", limit: 0 }] }, "v1 v2"],
    ["files of version 2 in version 1", { unified: { "memory.high": "1" } }, "v1"],
    ["a file that is a path", { unified: { "../memory.high": "1" } }, "v2"],
    ["network classes in version 2", { network: { classID: 1 } }, "v2"],
  ] as [string, CgroupResources, string][])("formatCgroupSettings refuses %s", (_name, resources, versions) => {
    for (const layout of [V1, V2].filter(({ version }) => versions.includes(version))) {
      expect(() => settings(resources, layout)).toThrow(expect.objectContaining({ code: "API_REQUEST_INVALID" }));
    }
  });
});

describe("weightOfShares", () => {
  test.each([
    [2, 1],
    [1024, 100],
    [262_144, 10_000],
    [1, 1],
    [1_000_000, 10_000],
  ])("weightOfShares of %i is %i", (shares, weight) => {
    expect(weightOfShares(shares)).toBe(weight);
  });
});
