/**
 * Containers that take all that they can get, while others go on.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DaemonInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** A new container starts, does something, and answers. */
async function expectOthersToWork(): Promise<void> {
  const { stdout, exitCode } = await sandbox.netctl("run", "--rm", "busybox", "echo", "alive");
  expect({ stdout, exitCode }).toEqual({ stdout: "alive\n", exitCode: 0 });
}

describe("a container that takes all it can get", () => {
  test("a fork bomb stays within its limit of processes; others start, and it can be removed", async () => {
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "bomb",
      "--pids-limit",
      "40",
      "busybox",
      "sh",
      "-c",
      "b() { b | b & }; b; sleep 100",
    );
    const { id } = (await sandbox.json<{ id: string }[]>("inspect", "bomb"))[0]!; // it has just been started
    const group = (await sandbox.run("find", "/sys/fs/cgroup/pids", "-name", id)).stdout.trim();
    await sandbox.sh(`until [ "$(cat ${group}/pids.current)" -ge 30 ]; do sleep 0.02; done`);
    await expectOthersToWork();
    expect(Number((await sandbox.run("cat", `${group}/pids.max`)).stdout)).toBe(40);
    await sandbox.ok("rm", "-f", "bomb");
    expect((await sandbox.run("ls", group)).exitCode).not.toBe(0);
  });

  test("a memory bomb is killed at its limit; others start meanwhile and after", async () => {
    const bomb = sandbox.netctl(
      "run",
      "--rm",
      "--memory",
      "32m",
      "busybox",
      "sh",
      "-c",
      "exec tail -c 4000000000 /dev/zero",
    );
    await expectOthersToWork();
    expect((await bomb).exitCode).toBe(137);
    await expectOthersToWork();
  });

  test("a flood of output keeps the runtime small and lets others start and answer", async () => {
    const flood =
      "yes 'a line that says nothing at all, over and over again, for as long as it may' | head -c 300000000";
    await sandbox.ok("run", "-d", "--name", "flood", "busybox", "sh", "-c", `${flood}; sleep 100`);
    for (let round = 0; round < 3; round++) await expectOthersToWork();
    const { runtime } = await sandbox.json<DaemonInfo>("info");
    const peak = (await sandbox.run("sed", "-n", "s/^VmHWM:.* \\([0-9]*\\) kB/\\1/p", `/proc/${runtime.pid}/status`))
      .stdout;
    expect(Number(peak)).toBeGreaterThan(0);
    expect(Number(peak)).toBeLessThan(200 * 1024);
    await sandbox.ok("rm", "-f", "flood");
  });
});
