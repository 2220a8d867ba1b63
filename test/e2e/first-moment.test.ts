import { expect, test } from "vitest";
import type { ContainerInfo, LeaseInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

test("a container's first command finds its network: address, route, and the internet behind it", async () => {
  await using sandbox = await TestSandbox.create();
  const script = "ip -4 addr show eth0 && ip route && ping -c 1 -W 2 203.0.113.80";
  for (let round = 0; round < 5; round++) {
    const results = await Promise.all(
      [1, 2, 3, 4].map(async () => await sandbox.netctl("run", "--rm", "busybox", "sh", "-c", script)),
    );
    for (const { stdout, stderr, exitCode } of results) {
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toMatch(/inet 172\.16\.0\.\d+\/24/);
      expect(stdout).toMatch(/default via 172\.16\.0\.1 dev eth0/);
    }
  }
});

test("a start whose network can't be made is called off: no process, no namespace, no cgroup, and the next one works", async () => {
  await using sandbox = await TestSandbox.create();
  await sandbox.ok("create", "--name", "a", "busybox", "sleep", "1000");
  const [{ endpoint } = { endpoint: undefined }] = await sandbox.json<ContainerInfo[]>("inspect", "a");
  // Somebody took the name of its host interface.
  await sandbox.run("ip", "link", "add", endpoint?.hostInterface ?? "", "type", "bridge");
  const { exitCode, stderr } = await sandbox.netctl("start", "a");
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/EEXIST/) });
  expect((await sandbox.run("ls", "/run/netns")).stdout.trim()).toBe("internet");
  expect((await sandbox.run("sh", "-c", "ps -eo comm | grep -c '^sleep' || true")).stdout.trim()).toBe("0");
  expect((await sandbox.run("sh", "-c", "find /sys/fs/cgroup -path '*/netd/*/*' -type d")).stdout).toBe("");
  expect((await sandbox.run("ip", "link", "delete", endpoint?.hostInterface ?? "")).exitCode).toBe(0);
  await sandbox.ok("start", "a");
  expect((await sandbox.json<LeaseInfo[]>("ls")).map(({ state }) => state)).toEqual(["running"]);
  expect((await sandbox.netctl("exec", "a", "ping", "-c", "1", "203.0.113.80")).exitCode).toBe(0);
});

test("a start on a stranger's link that took the bridge's name is refused, and nothing is left", async () => {
  await using sandbox = await TestSandbox.create();
  await sandbox.run("sh", "-ec", "ip link delete br0; ip link add br0 type bridge; ip link set br0 up");
  const { exitCode, stderr } = await sandbox.netctl("run", "--rm", "busybox", "true");
  expect({ exitCode, stderr }).toEqual({
    exitCode: 125,
    stderr: expect.stringMatching(
      /link 'br0' was put in the place of netd's bridge by somebody else\n {2}try: .*ip link delete br0/,
    ),
  });
  expect((await sandbox.run("ls", "/run/netns")).stdout.trim()).toBe("internet");
  expect(await sandbox.json("ps", "-a")).toEqual([]);
});
