import { expect, test } from "vitest";
import type { ContainerInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

test("netctl rename: names, hosts files and the pinned namespace follow a running container; its address stays", async () => {
  await using sandbox = await TestSandbox.create();
  for (const name of ["web", "peer"]) await sandbox.ok("run", "-d", "--name", name, "busybox", "sleep", "1000");
  const [before] = await sandbox.json<[ContainerInfo]>("inspect", "web");
  const taken = await sandbox.netctl("rename", "web", "peer");
  expect(taken).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("Cannot rename container 'web' to 'peer'"),
  });
  expect((await sandbox.netctl("rename", "web", "NO")).exitCode).toBe(1);
  await sandbox.ok("rename", "web", "old");
  const [after] = await sandbox.json<[ContainerInfo]>("inspect", "old");
  expect({ ...after.endpoint, netns: "" }).toEqual({ ...before.endpoint, netns: "" });
  expect(after).toMatchObject({ pid: before.pid, hostname: before.hostname });
  expect((await sandbox.netctl("inspect", "web")).exitCode).toBe(1);
  expect((await sandbox.run("ip", "-n", "old", "link", "show", "eth0")).exitCode).toBe(0);
  expect((await sandbox.run("test", "-e", "/run/netns/web")).exitCode).toBe(1);
  // The name is free for the next one, while the old one goes on.
  await sandbox.ok("run", "-d", "--name", "web", "busybox", "sleep", "1000");
  for (const name of ["old", "web"]) {
    expect((await sandbox.netctl("exec", "peer", "ping", "-c", "1", "-W", "2", name)).exitCode).toBe(0);
  }
  await sandbox.sh("until netctl exec peer grep -q old /etc/hosts; do sleep 0.02; done");
  await sandbox.kill("netd");
  await sandbox.startNetd();
  expect((await sandbox.netctl("exec", "old", "ping", "-c", "1", "-W", "2", "web")).exitCode).toBe(0);
  await sandbox.ok("stop", "-t", "0", "old");
  await sandbox.ok("rename", "old", "older");
  await sandbox.ok("start", "older");
  await sandbox.ok("rm", "-f", "older", "web", "peer");
  expect((await sandbox.run("ls", "/run/netns")).stdout).toBe("internet\n");
});
