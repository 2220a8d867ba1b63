import { expect, test } from "vitest";
import type { ContainerInfo, DaemonInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

const SCRIPT = "[ -e /again ] && exec sleep 1000; touch /again; until [ -e /go ]; do sleep 0.02; done; exit 3";

test("an exit code that nobody could learn is 255 in ps, inspect and wait, with a word of it until the next start", async () => {
  await using sandbox = await TestSandbox.create();
  await sandbox.ok("run", "-d", "--name", "lost", "busybox", "sh", "-c", SCRIPT);
  await sandbox.ok("run", "-d", "--name", "again", "--restart", "on-failure", "busybox", "sh", "-c", SCRIPT);
  await using follower = sandbox.start("netctl", "attach", "lost");
  const all = await sandbox.json<ContainerInfo[]>("ps");
  const pids = all.map(({ pid }) => pid);
  const { pid, runtime } = await sandbox.json<DaemonInfo>("info");
  const { exitCode } = await sandbox.sh(`
    kill -9 ${pid} ${runtime.pid}
    for pid in ${pids.join(" ")}; do touch /proc/$pid/root/go; done
    for pid in ${pids.join(" ")}; do while [ -d /proc/$pid ]; do sleep 0.01; done; done`);
  expect(exitCode).toBe(0);
  expect(await follower.exitCode()).toBe(1);
  expect(follower.stderr).toContain("netd closed the connection");
  await sandbox.startNetd();

  expect(await sandbox.ok("wait", "lost")).toBe("255\n");
  const shown = await sandbox.json<ContainerInfo[]>("ps", "-a", "--filter", "name=lost");
  expect(shown).toMatchObject([
    { state: "exited", exitCode: 255, error: expect.stringContaining("exit code was lost") },
  ]);
  expect(await sandbox.ok("ps", "-a", "--filter", "name=lost")).toMatch(/exited \(255\)/i);
  expect(await sandbox.ok("inspect", "lost")).toContain("exit code was lost");

  // Who asked for a restart after a failure gets one.
  await sandbox.sh("timeout 20 sh -c 'until netctl ps --json | grep -q again; do sleep 0.05; done'");
  expect(await sandbox.json("ps", "--filter", "name=again")).toMatchObject([{ state: "running" }]);

  await sandbox.ok("start", "lost");
  const [started] = await sandbox.json<ContainerInfo[]>("ps", "--filter", "name=lost");
  expect(started).toMatchObject({ state: "running" });
  expect(started).not.toHaveProperty("error");
  await sandbox.ok("rm", "-f", "lost", "again");
});
