import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  Cgroups,
  formatStats,
  freezeCgroup,
  isFrozen,
  readCgroupStats,
  readOomKills,
  thawCgroup,
  watchOom,
} from "../../../../src/kernel/index.ts";
import { HIERARCHIES, TestCgroup } from "../../../support/test-cgroup.ts";

const cgroups = new Cgroups();
const { v1 } = cgroups.layout;
const hasV1Memory = v1.memory !== undefined;

/** Processor time of a process, in ticks. */
function ticks(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
  return Number(fields[13]) + Number(fields[14]);
}

describe.each(HIERARCHIES)("%s", (_name, host) => {
  test("freezeCgroup stops all processes, and thawCgroup has them go on", async () => {
    await using cgroup = new TestCgroup(host);
    host.create(cgroup.path);
    const spinners = [await cgroup.start("sh", "-c", "while :; do :; done"), await cgroup.start()];
    expect(isFrozen(host, cgroup.path)).toBe(false);
    await freezeCgroup(host, cgroup.path);
    expect(isFrozen(host, cgroup.path)).toBe(true);
    const before = ticks(spinners[0]?.pid);
    // While one outside gets processor time, this one gets none.
    execFileSync("sh", ["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"]);
    expect(ticks(spinners[0]?.pid)).toBe(before);
    thawCgroup(host, cgroup.path);
    expect(isFrozen(host, cgroup.path)).toBe(false);
    const end = Promise.all(spinners.map((child) => once(child, "exit")));
    host.kill(cgroup.path);
    expect(await end).toEqual([
      [null, "SIGKILL"],
      [null, "SIGKILL"],
    ]);
  });

  test("freezeCgroup stops a process that forks all the time", async () => {
    await using cgroup = new TestCgroup(host);
    host.create(cgroup.path);
    await cgroup.start("sh", "-c", "while :; do /bin/true & /bin/true; wait; done");
    await freezeCgroup(host, cgroup.path);
    expect(host.pids(cgroup.path)).toEqual(host.pids(cgroup.path));
    expect(isFrozen(host, cgroup.path)).toBe(true);
  });

  test("Cgroups kills processes that are frozen", async () => {
    await using cgroup = new TestCgroup(host);
    host.create(cgroup.path);
    const child = await cgroup.start();
    await freezeCgroup(host, cgroup.path);
    const end = once(child, "exit");
    host.remove(cgroup.path);
    expect(await end).toEqual([null, "SIGKILL"]);
    expect(host.has(cgroup.path)).toBe(false);
  });

  test("isFrozen is false for a cgroup that is not there", () => {
    expect(isFrozen(host, "/netdtest-none")).toBe(false);
    expect(() => thawCgroup(host, "/netdtest-none")).not.toThrow();
  });

  test("Cgroups removes what the container made below its cgroup", async () => {
    await using cgroup = new TestCgroup(host);
    host.create(cgroup.path);
    for (const directory of host.directories(cgroup.path)) mkdirSync(`${directory}/a/b`, { recursive: true });
    host.remove(cgroup.path);
    expect(host.has(cgroup.path)).toBe(false);
  });

  test("readCgroupStats counts the processor time of what has ended, too", async () => {
    await using cgroup = new TestCgroup(host);
    host.create(cgroup.path);
    const child = await cgroup.start("sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
    await once(child, "exit");
    const { cpu } = readCgroupStats(host.layout, cgroup.path);
    expect(Number(cpu.usage.total)).toBeGreaterThan(1_000_000);
  });
});

describe.runIf(hasV1Memory)("version 1", () => {
  test("Cgroups raises and lowers memory and swap together, whatever order the kernel needs", async () => {
    await using cgroup = new TestCgroup();
    cgroups.create(cgroup.path);
    const read = () =>
      ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"].map((file) =>
        Number(readFileSync(`${v1.memory}${cgroup.path}/${file}`, "utf8")),
      );
    for (const memory of [
      { limit: 64 << 20, swap: 128 << 20 },
      { limit: 256 << 20, swap: 512 << 20 },
      { limit: 32 << 20, swap: 32 << 20 },
    ]) {
      cgroups.update(cgroup.path, { memory });
      expect(read()).toEqual([memory.limit, memory.swap]);
    }
    cgroups.update(cgroup.path, { memory: { limit: -1 } });
    expect(read().every((bytes) => bytes > 2 ** 60)).toBe(true);
  });

  test("Cgroups moves a running process into the cpuset that an update asks for, and fills the parents", async () => {
    await using cgroup = new TestCgroup();
    const path = `${cgroup.path}/a/b`;
    cgroups.create(path);
    const child = await cgroup.start();
    cgroups.add(path, child.pid ?? 0);
    cgroups.update(path, { cpu: { cpus: "0" } });
    expect(readFileSync(`/proc/${child.pid}/status`, "utf8")).toMatch(/^Cpus_allowed_list:\t0$/m);
    expect(readFileSync(`/proc/${child.pid}/cgroup`, "utf8")).toContain(`:cpuset:${path}\n`);
    expect(cgroups.controllersOf(path)).toContain("cpuset");
  });

  test("Cgroups says that a limit is below what is used", async () => {
    await using cgroup = new TestCgroup();
    cgroups.create(cgroup.path);
    const child = await cgroup.start("sh", "-c", "x=$(head -c 8000000 /dev/zero | tr '\\0' x); echo $x; sleep 60");
    const used = () => Number(readFileSync(`${v1.memory}${cgroup.path}/memory.usage_in_bytes`, "utf8"));
    await expect.poll(used, { timeout: 10_000 }).toBeGreaterThan(6_000_000);
    expect(child.exitCode).toBeNull();
    expect(() => cgroups.update(cgroup.path, { memory: { limit: 4096 } })).toThrow(
      expect.objectContaining({ code: "LIMIT_IN_USE" }),
    );
  });

  test("readCgroupStats tells limits and usage as the kernel does", async () => {
    await using cgroup = new TestCgroup();
    cgroups.create(cgroup.path);
    cgroups.limit(cgroup.path, { memory: { limit: 64 << 20 }, pids: { limit: 9 } });
    await cgroup.start();
    const stats = readCgroupStats(cgroups.layout, cgroup.path);
    expect(stats.pids).toEqual({ current: 1, limit: 9 });
    expect(stats.memory.usage.limit).toBe(64 << 20);
    expect(stats.memory.raw).toHaveProperty("total_rss");
  });

  test("formatStats writes counts in full that no number can hold", async () => {
    await using cgroup = new TestCgroup();
    cgroups.create(cgroup.path);
    const text = formatStats(readCgroupStats(cgroups.layout, cgroup.path).memory.usage);
    expect(text).toMatch(/"limit":9223372036854771712\b/);
  });

  test("readOomKills and watchOom tell of the OOM killer, and of the end of the cgroup", async () => {
    await using cgroup = new TestCgroup();
    cgroups.create(cgroup.path);
    cgroups.limit(cgroup.path, { memory: { limit: 8 << 20, swap: 8 << 20 } });
    expect(readOomKills(cgroups.layout, cgroup.path)).toBe(0);
    let onGone: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => {
      onGone = resolve;
    });
    const killed = new Promise<void>((resolve) => {
      watchOom(cgroups.layout, cgroup.path, { onOom: resolve, onGone: () => onGone?.() });
    });
    const child = await cgroup.start("tail", "/dev/zero");
    const [[, signal]] = await Promise.all([once(child, "exit"), killed]);
    expect(signal).toBe("SIGKILL");
    expect(readOomKills(cgroups.layout, cgroup.path)).toBe(1);
    cgroups.remove(cgroup.path);
    await gone;
    expect(existsSync(`${v1.memory}${cgroup.path}`)).toBe(false);
  });
});
