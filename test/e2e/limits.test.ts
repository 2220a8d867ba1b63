import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContainerInfo, StatsInfo, TopInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await TestSandbox.create();
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function inspect(name: string): Promise<ContainerInfo> {
  const [info] = await sandbox.json<ContainerInfo[]>("inspect", name);
  if (info === undefined) throw new Error(`no container ${name}`);
  return info;
}

/** Files of the cgroups that a container's first process is in, found by the process itself. */
async function limits(name: string, ...files: string[]): Promise<string> {
  const { pid } = await inspect(name);
  const { stdout } = await sandbox.sh(
    `find /sys/fs/cgroup -name cgroup.procs | xargs grep -lx ${pid} | xargs -n1 dirname | sort -u | while read d; do
       for f in ${files.join(" ")}; do test -f $d/$f && echo "$f $(cat $d/$f)"; done; done`,
  );
  return stdout;
}

/** Processor time of a container's first process, from /proc. */
async function ticks(name: string): Promise<string> {
  const { pid } = await inspect(name);
  return (await sandbox.sh(`cut -d' ' -f14,15 /proc/${pid}/stat`)).stdout;
}

describe("limits", () => {
  test("run takes docker's flags to the files of the container's cgroups", async () => {
    const flags =
      "-m 64m --memory-swap 80m --memory-reservation 32m --cpu-shares 512 --cpu-period 50000 --cpu-quota 10000 --cpuset-cpus 0 --pids-limit 20";
    await sandbox.ok("run", "-d", "--name", "full", ...flags.split(" "), "busybox", "sleep", "600");
    const v1 =
      "memory.limit_in_bytes memory.memsw.limit_in_bytes memory.soft_limit_in_bytes cpu.shares cpu.cfs_period_us cpu.cfs_quota_us cpuset.cpus pids.max";
    const lines = (await limits("full", ...v1.split(" "))).trim().split("\n").sort();
    expect(lines).toEqual([
      "cpu.cfs_period_us 50000",
      "cpu.cfs_quota_us 10000",
      "cpu.shares 512",
      "cpuset.cpus 0",
      "memory.limit_in_bytes 67108864",
      "memory.memsw.limit_in_bytes 83886080",
      "memory.soft_limit_in_bytes 33554432",
      "pids.max 20",
    ]);
    await sandbox.ok("rm", "-f", "full");
  });

  test("run limits the I/O of a device, and allows more devices", async () => {
    await sandbox.sh("mknod /tmp/netd-limits-device b 7 0");
    const script = "mknod /dev/x c 10 229 && head -c0 /dev/x; sleep 600";
    const flags = ["--device-read-bps", "/tmp/netd-limits-device:1mb", "--device-cgroup-rule", "c 10:229 rm"];
    await sandbox.ok("run", "-d", "--name", "io", ...flags, "busybox", "sh", "-c", script);
    const text = await limits("io", "blkio.throttle.read_bps_device", "devices.list");
    expect(text).toContain("read_bps_device 7:0 1048576");
    expect(text).toContain("c 10:229 rm");
    await sandbox.ok("rm", "-f", "io");
    await sandbox.sh("rm /tmp/netd-limits-device");
  });

  test("--cgroup-parent makes the cgroup elsewhere, and it goes with the container", async () => {
    const argv = ["--rm", "--cgroup-parent", "/batch", "--cgroupns", "host", "busybox", "cat", "/proc/self/cgroup"];
    expect(await sandbox.ok("run", ...argv)).toMatch(/:memory:\S*\/batch\/[0-9a-f]{64}$/m);
    const { stdout } = await sandbox.sh("find /sys/fs/cgroup/*/batch -mindepth 1 -type d");
    expect(stdout).toBe("");
  });

  test.each([
    [["--memory-swap", "64m"], "a limit of swap without one of memory"],
    [["-m", "64m", "--memory-swap", "32m"], "33554432 bytes of memory and swap together"],
    [["-m", "32m", "--memory-reservation", "64m"], "a reservation of 67108864 bytes"],
    [["--cpus", "1", "--cpu-quota", "5000"], "one of the two"],
    [["--cpuset-cpus", "4095"], "processors '4095'"],
    [["--device-read-bps", "/dev/null:1mb"], "it is no block device"],
    [["--cgroup-parent", "/../x"], "a path of plain names"],
  ])("run refuses %j", async (flags, complaint) => {
    const { exitCode, stderr } = await sandbox.netctl("run", "--rm", ...flags, "busybox", "true");
    expect({ exitCode, stderr }).toEqual({ exitCode: 125, stderr: expect.stringContaining(complaint) });
  });

  test("OOM: inspect tells who was killed for want of memory", async () => {
    const argv = ["--name", "oom", "-m", "16m", "--memory-swap", "16m", "busybox", "tail", "/dev/zero"];
    expect((await sandbox.netctl("run", ...argv)).exitCode).toBe(137);
    expect(await inspect("oom")).toMatchObject({ oomKilled: true, exitCode: 137 });
    await sandbox.ok("rm", "oom");
  });

  test("OOM: a container that was killed by a user is not marked", async () => {
    await sandbox.ok("run", "-d", "--name", "killed", "busybox", "sleep", "600");
    await sandbox.ok("kill", "killed");
    await sandbox.ok("wait", "killed");
    expect((await inspect("killed")).oomKilled).toBeUndefined();
    await sandbox.ok("rm", "killed");
  });
});

describe("update", () => {
  test("update changes a running container at once and for ever", async () => {
    await sandbox.ok("run", "-d", "--name", "up", "-m", "64m", "busybox", "sleep", "600");
    await sandbox.ok("update", "-m", "256m", "--cpus", "0.5", "--pids-limit", "9", "--cpuset-cpus", "0", "up");
    const files = ["memory.limit_in_bytes", "cpu.cfs_quota_us", "pids.max", "cpuset.cpus"];
    const wanted = ["cpu.cfs_quota_us 50000", "cpuset.cpus 0", "memory.limit_in_bytes 268435456", "pids.max 9"];
    expect((await limits("up", ...files)).trim().split("\n").sort()).toEqual(wanted);
    await sandbox.ok("restart", "-t", "0", "up");
    expect((await limits("up", ...files)).trim().split("\n").sort()).toEqual(wanted);
    await sandbox.ok("update", "--pids-limit", "-1", "up");
    expect(await limits("up", "pids.max")).toBe("pids.max max\n");
    expect((await inspect("up")).spec).not.toHaveProperty("pidsLimit");
    await sandbox.ok("rm", "-f", "up");
  });

  test("update of a stopped container is there at its start", async () => {
    await sandbox.ok("create", "--name", "later", "busybox", "sleep", "600");
    await sandbox.ok("update", "--pids-limit", "7", "later");
    await sandbox.ok("start", "later");
    expect(await limits("later", "pids.max")).toBe("pids.max 7\n");
    await sandbox.ok("rm", "-f", "later");
  });

  test("update that the kernel refuses changes nothing", async () => {
    await sandbox.ok("run", "-d", "--name", "same", "-m", "64m", "busybox", "sleep", "600");
    const { exitCode, stderr } = await sandbox.netctl("update", "-m", "96m", "--cpuset-cpus", "4095", "same");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("processors '4095'");
    expect(await limits("same", "memory.limit_in_bytes")).toBe("memory.limit_in_bytes 67108864\n");
    expect((await inspect("same")).spec.memoryBytes).toBe(64 * 2 ** 20);
    await sandbox.ok("rm", "-f", "same");
  });

  test("update without anything to change is refused", async () => {
    expect((await sandbox.netctl("update", "x")).exitCode).toBe(2);
  });
});

describe("pause", () => {
  test("pause has all processes stand still, and unpause has them go on", async () => {
    await sandbox.ok("run", "-d", "--name", "spin", "busybox", "sh", "-c", "while :; do :; done");
    await sandbox.ok("pause", "spin");
    const before = await ticks("spin");
    expect((await inspect("spin")).state).toBe("paused");
    expect(await sandbox.ok("ps")).toMatch(/Up .* \(Paused\)/);
    for (const refused of [
      ["exec", "spin", "true"],
      ["attach", "spin"],
      ["start", "spin"],
      ["pause", "spin"],
      ["rm", "spin"],
    ]) {
      expect((await sandbox.netctl(...refused)).exitCode).not.toBe(0);
    }
    expect(await ticks("spin")).toBe(before);
    await sandbox.ok("unpause", "spin");
    expect((await inspect("spin")).state).toBe("running");
    expect(await sandbox.ok("exec", "spin", "echo", "on")).toBe("on\n");
    expect((await sandbox.netctl("unpause", "spin")).exitCode).toBe(1);
    await sandbox.ok("rm", "-f", "spin");
  });

  test("pause outlives netd and netd-runtime", async () => {
    await sandbox.ok("run", "-d", "--name", "still", "busybox", "sleep", "600");
    await sandbox.ok("pause", "still");
    await sandbox.kill("runtime");
    await sandbox.kill("netd");
    await sandbox.startNetd();
    expect((await inspect("still")).state).toBe("paused");
    await sandbox.ok("unpause", "still");
    expect(await sandbox.ok("exec", "still", "echo", "on")).toBe("on\n");
    await sandbox.ok("rm", "-f", "still");
  });

  test.each([
    ["stop", ["stop", "-t", "60"]],
    ["kill", ["kill"]],
    ["rm -f", ["rm", "-f"]],
    ["restart", ["restart", "-t", "60"]],
  ])("%s ends a container that is paused", async (_name, command) => {
    const script = "trap 'exit 3' TERM; while :; do sleep 0.1; done";
    await sandbox.ok("run", "-d", "--name", "ending", "busybox", "sh", "-c", script);
    await sandbox.ok("pause", "ending");
    await sandbox.ok(...command, "ending");
    await sandbox.netctl("rm", "-f", "ending");
    const { stdout } = await sandbox.sh("find /sys/fs/cgroup/*/netd -mindepth 2 -type d");
    expect(stdout).toBe("");
  });
});

describe("stats and top", () => {
  test("stats tells usage and limits of what runs", async () => {
    await sandbox.ok("run", "-d", "--name", "busy", "-m", "64m", "busybox", "sh", "-c", "while :; do :; done");
    const [stats] = await sandbox.json<(StatsInfo & { cpuPercent: number })[]>("stats", "--no-stream", "busy");
    expect(stats?.usage).toMatchObject({ memoryLimitBytes: 64 * 2 ** 20, pids: 1 });
    expect(stats?.cpuPercent).toBeGreaterThan(1);
    const table = await sandbox.ok("stats", "--no-stream");
    expect(table).toMatch(/^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/m);
    expect(table).toMatch(/^[0-9a-f]{12} +busy +[0-9.]+% +\S+ \/ 64MiB /m);
    const line = await sandbox.ok("stats", "--no-stream", "--format", "json", "busy");
    expect(JSON.parse(line)).toMatchObject({ Name: "busy", PIDs: "1" });
    await sandbox.ok("rm", "-f", "busy");
  });

  test("stats redraws its table on a terminal until it is interrupted", async () => {
    await sandbox.ok("run", "-d", "--name", "idle", "busybox", "sleep", "600");
    await using live = sandbox.startInTerminal("netctl", "stats", "idle");
    await live.see(/idle[\s\S]*\[J[\s\S]*idle/);
    live.type("\x03");
    await live.exitCode();
    await sandbox.ok("rm", "-f", "idle");
  });

  test("top lists the processes of a container only, as ps would", async () => {
    await sandbox.ok("run", "-d", "--name", "two", "busybox", "sh", "-c", "sleep 601 & sleep 602 & wait");
    const { titles, processes } = JSON.parse(await sandbox.ok("top", "--json", "two")) as TopInfo;
    expect(titles).toEqual(["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    expect(processes.map((row) => row.at(-1)).sort()).toEqual([
      "sh -c sleep 601 & sleep 602 & wait",
      "sleep 601",
      "sleep 602",
    ]);
    const ps = await sandbox.ok("top", "two", "-o", "pid,args");
    expect(ps.split("\n")[0]).toMatch(/^PID +COMMAND$/);
    expect(ps).toContain("sleep 602");
    await sandbox.ok("rm", "-f", "two");
  });
});
