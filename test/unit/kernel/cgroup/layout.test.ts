import { describe, expect, test } from "vitest";
import { parseCgroupLayout } from "../../../../src/kernel/cgroup/layout.ts";

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
      v1: { cpu: "/sys/fs/cgroup/cpu,cpuacct", cpuacct: "/sys/fs/cgroup/cpu,cpuacct", memory: "/sys/fs/cgroup/memory" },
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
