import { describe, expect, test } from "vitest";
import { parseCgroupLayout } from "../../../src/kernel/cgroup-layout.ts";
import { formatCgroupDevices, formatCgroupLimits } from "../../../src/kernel/cgroup-settings.ts";

const ROOT = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n";
const V1 = [
  "31 27 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
  "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
  "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
  "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n",
].join("\n");
const UNIFIED = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

describe("parseCgroupLayout", () => {
  test("parseCgroupLayout reads version 1, controllers that share a mount included", () => {
    expect(parseCgroupLayout(ROOT + V1)).toEqual({
      version: "v1",
      v1: { cpu: "/sys/fs/cgroup/cpu,cpuacct", memory: "/sys/fs/cgroup/memory" },
    });
  });

  test("parseCgroupLayout leaves version 2 alone where version 1 has the controllers", () => {
    expect(parseCgroupLayout(ROOT + V1 + UNIFIED)).toEqual(parseCgroupLayout(ROOT + V1));
  });

  test("parseCgroupLayout reads version 2", () => {
    const mountinfo = `${ROOT}31 27 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n`;
    expect(parseCgroupLayout(mountinfo)).toEqual({ version: "v2", v1: {}, unified: "/sys/fs/cgroup" });
  });

  test("parseCgroupLayout passes over what a later mount hides", () => {
    const mountinfo = `${ROOT}${V1}${UNIFIED}50 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n`;
    expect(parseCgroupLayout(mountinfo)).toEqual({ version: "v2", v1: {}, unified: "/sys/fs/cgroup" });
  });

  test("parseCgroupLayout reads escaped mount points", () => {
    const mountinfo = String.raw`41 31 0:38 / /mnt/my\040cgroups rw - cgroup2 cgroup2 rw`;
    expect(parseCgroupLayout(mountinfo).unified).toBe("/mnt/my cgroups");
  });

  test("parseCgroupLayout finds none where none is mounted", () => {
    expect(parseCgroupLayout(ROOT)).toEqual({ version: "none", v1: {} });
  });
});

describe("formatCgroupLimits", () => {
  const limits = { memoryBytes: 1024, cpuQuotaUs: 5000, cpuPeriodUs: 10_000, pids: 7 };

  test("formatCgroupLimits writes for version 2", () => {
    const settings = formatCgroupLimits(limits, { version: "v2", v1: {}, unified: "/c" });
    expect(settings.map(({ mountPoint, file, text }) => `${mountPoint}/${file}=${text}`)).toEqual([
      "/c/memory.max=1024",
      "/c/memory.swap.max=1024",
      "/c/cpu.max=5000 10000",
      "/c/pids.max=7",
    ]);
  });

  test("formatCgroupLimits writes the period before the quota in version 1, which checks the two against each other", () => {
    const settings = formatCgroupLimits(
      { cpuQuotaUs: 5000, cpuPeriodUs: 10_000 },
      { version: "v1", v1: { cpu: "/c" } },
    );
    expect(settings.map(({ file, text }) => `${file}=${text}`)).toEqual([
      "cpu.cfs_period_us=10000",
      "cpu.cfs_quota_us=5000",
    ]);
  });

  test("formatCgroupLimits writes nothing without limits", () => {
    expect(formatCgroupLimits({}, { version: "v2", v1: {}, unified: "/c" })).toEqual([]);
  });
});

describe("formatCgroupDevices", () => {
  test.each([
    [{ allow: false }, "devices.deny=a"],
    [{ allow: false, access: "rwm" }, "devices.deny=a"],
    [{ allow: true, type: "c", major: 1, minor: 3, access: "rw" }, "devices.allow=c 1:3 rw"],
    [{ allow: true, type: "c", major: 136 }, "devices.allow=c 136:* rwm"],
    [{ allow: true, type: "b" }, "devices.allow=b *:* rwm"],
  ] as const)("formatCgroupDevices writes %j as %s", (rule, wanted) => {
    const [setting] = formatCgroupDevices([rule], { version: "v1", v1: { devices: "/c" } });
    expect(`${setting?.file}=${setting?.text}`).toBe(wanted);
  });
});
