import { describe, expect, test } from "vitest";
import { formatMounts } from "../../../src/sandbox/mounts.ts";
import { parseSandboxOptions } from "../../../src/sandbox/options.ts";
import { planTopology } from "../../../src/sandbox/topology.ts";

describe("planTopology", () => {
  test("gives no private range a route back", () => {
    const steps = planTopology({ hasIpv6: true });
    expect(steps.filter((step) => step.op === "route.add" && step.netns !== undefined)).toEqual([]);
  });

  test("leaves IPv6 out on a kernel without it", () => {
    expect(JSON.stringify(planTopology({ hasIpv6: true }))).toContain("2001:db8:");
    expect(
      JSON.stringify(planTopology({ hasIpv6: false }).filter(({ op }) => op !== "nft.replaceTable")),
    ).not.toContain("::");
  });
});

describe("formatMounts", () => {
  const mounts = { cgroup: "/netd-sandbox-1", programDirectory: "/opt/it's here" };

  test("quotes paths for the shell", () => {
    expect(formatMounts({ ...mounts, cgroupRoots: [] }).join("\n")).toContain("'/opt/it'\\''s here/netctl.cjs'");
  });

  test("cuts each cgroup hierarchy to the sandbox's part", () => {
    expect(formatMounts({ ...mounts, cgroupRoots: ["/sys/fs/cgroup/memory"] })).toContain(
      "mount --bind /sys/fs/cgroup/memory/netd-sandbox-1 /sys/fs/cgroup/memory",
    );
  });

  test("does without cgroups where there are none", () => {
    expect(formatMounts({ ...mounts, cgroupRoots: [] }).join("\n")).not.toContain("/sys/fs/cgroup");
  });
});

describe("parseSandboxOptions", () => {
  test("keeps the command as it is after --", () => {
    const argv = [
      "--netd-arg=--subnet=10.1.0.0/24",
      "--netd-arg=--adopt",
      "--no-netd",
      "--",
      "ls",
      "--json",
      "--",
      "x",
    ];
    expect(parseSandboxOptions(argv)).toEqual({
      command: ["ls", "--json", "--", "x"],
      netdArguments: ["--subnet=10.1.0.0/24", "--adopt"],
      hasNetd: false,
      isShow: false,
      isJson: false,
    });
  });

  test("refuses what it does not know", () => {
    expect(() => parseSandboxOptions(["--what"])).toThrow("--what");
  });
});
