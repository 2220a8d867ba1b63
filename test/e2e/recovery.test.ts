import { describe, expect, test } from "vitest";
import type { LeaseInfo } from "../../src/api/index.ts";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

/** What the kernel has of netd's, as witnesses tell it: link names, indexes and masters, and the rules without their counters. */
async function kernelState(sandbox: TestSandbox): Promise<object> {
  const links = JSON.parse((await sandbox.run("ip", "-json", "link")).stdout) as Record<string, unknown>[];
  const { stdout } = await sandbox.run("nft", "-j", "-s", "list", "ruleset");
  const { nftables } = JSON.parse(stdout) as { nftables: Record<string, unknown>[] };
  return {
    links: links.map(({ ifindex, ifname, master, ifalias, address }) => ({
      ifindex,
      ifname,
      master,
      ifalias,
      address,
    })),
    rules: nftables.filter((item) => item.metainfo === undefined),
  };
}

/** Start a container that pings `to` ten times a second until it is told to stop, and return a function that ends it and counts the lost. */
async function startPing(sandbox: TestSandbox, to: string): Promise<() => Promise<{ sent: number; lost: number }>> {
  await sandbox.ok("run", "-d", "--name", "pinger", "busybox", "sh", "-c", `exec ping -i 0.1 ${to}`);
  await sandbox.run("sh", "-c", "until netctl logs pinger | grep -q seq=0; do sleep 0.05; done");
  return async () => {
    await sandbox.ok("kill", "-s", "INT", "pinger");
    await sandbox.ok("wait", "pinger");
    const summary = /(\d+) packets transmitted, (\d+) packets received/.exec(await sandbox.ok("logs", "pinger"));
    return { sent: Number(summary?.[1]), lost: Number(summary?.[1]) - Number(summary?.[2]) };
  };
}

async function inspect(sandbox: TestSandbox, name: string): Promise<NetworkedInfo> {
  const [info] = await sandbox.json<NetworkedInfo[]>("inspect", name);
  if (info === undefined) throw new Error(`there is no container ${name}`);
  return info;
}

async function pidOf(sandbox: TestSandbox, name: string): Promise<number> {
  const { pid } = await inspect(sandbox, name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

describe("netd after its death", () => {
  test.each(["KILL", "TERM"])(
    "SIG%s: finds leases, rules and running containers as they were, and not a packet is lost",
    async (signal) => {
      await using sandbox = await TestSandbox.create();
      await sandbox.ok("run", "-d", "--name", "a", "busybox", "sleep", "1000");
      await sandbox.ok("run", "-d", "--name", "b", "busybox", "sleep", "1000");
      const stopPing = await startPing(sandbox, "a");
      const before = {
        leases: await sandbox.json<LeaseInfo[]>("ls"),
        kernel: await kernelState(sandbox),
        pid: await pidOf(sandbox, "a"),
      };
      const { pid } = await sandbox.json<{ pid: number }>("info");
      await sandbox.run("sh", "-c", `kill -${signal} ${pid}; while [ -d /proc/${pid} ]; do sleep 0.01; done`);
      expect((await sandbox.netctl("ls")).exitCode).toBe(1);
      await sandbox.startNetd();
      const after = {
        leases: await sandbox.json<LeaseInfo[]>("ls"),
        kernel: await kernelState(sandbox),
        pid: await pidOf(sandbox, "a"),
      };
      expect(after).toEqual(before);
      const { sent, lost } = await stopPing();
      expect(sent).toBeGreaterThan(5);
      expect(lost).toBe(0);
      expect((await sandbox.netctl("exec", "a", "ping", "-c", "1", "b")).exitCode).toBe(0);
    },
  );

  test("a container that ends while netd is dead has its exit code, and --rm is carried out", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "short",
      "busybox",
      "sh",
      "-c",
      "until [ -e /go ]; do sleep 0.05; done; exit 7",
    );
    await sandbox.ok(
      "run",
      "-d",
      "--rm",
      "--name",
      "gone",
      "busybox",
      "sh",
      "-c",
      "until [ -e /go ]; do sleep 0.05; done",
    );
    const pids = await Promise.all(["short", "gone"].map(async (name) => await pidOf(sandbox, name)));
    await sandbox.kill("netd");
    for (const pid of pids)
      await sandbox.run(
        "sh",
        "-c",
        `touch /proc/${pid}/root/go; while [ -d /proc/${pid}/root/bin ]; do sleep 0.02; done`,
      );
    await sandbox.startNetd();
    const short = await inspect(sandbox, "short");
    expect({ state: short.state, exitCode: short.exitCode }).toEqual({ state: "exited", exitCode: 7 });
    await sandbox.run("sh", "-c", "while netctl inspect gone > /dev/null 2>&1; do sleep 0.02; done");
    expect((await sandbox.json<LeaseInfo[]>("ls")).map(({ container }) => container)).toEqual(["short"]);
    expect((await sandbox.run("ip", "netns", "list")).stdout).not.toMatch(/short|gone/);
  });

  test("a reboot (kernel and run directory empty) leaves containers exited, with the same addresses when started again", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok("run", "-d", "--name", "a", "busybox", "sleep", "1000");
    await sandbox.ok("run", "-d", "--name", "b", "busybox", "sleep", "1000");
    const before = (await sandbox.json<LeaseInfo[]>("ls")).map(({ address, container }) => ({ address, container }));
    const info = await sandbox.json<{ pid: number; runtime: { pid: number }; dns: { pid: number } }>("info");
    const containers = await Promise.all(["a", "b"].map(async (name) => await pidOf(sandbox, name)));
    await sandbox.run("sh", "-c", `kill -9 ${info.pid} ${info.runtime.pid} ${info.dns.pid} ${containers.join(" ")}`);
    await sandbox.run(
      "sh",
      "-c",
      "ip netns delete a; ip netns delete b; ip link delete br0; nft delete table inet netd; rm -rf /run/netd/*; sysctl -qw net.ipv4.ip_forward=0",
    );
    await sandbox.startNetd();
    const states = (await sandbox.json<NetworkedInfo[]>("ps", "-a")).map(({ state }) => state);
    expect(states).toEqual(["exited", "exited"]);
    await sandbox.ok("start", "b", "a");
    expect((await sandbox.json<LeaseInfo[]>("ls")).map(({ address, container }) => ({ address, container }))).toEqual(
      before,
    );
    expect((await sandbox.netctl("exec", "a", "ping", "-c", "1", "b")).exitCode).toBe(0);
    expect((await sandbox.netctl("exec", "a", "ping", "-c", "1", "203.0.113.80")).exitCode).toBe(0);
  });

  test("a bridge that vanished is made again, with the running containers on it", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok("run", "-d", "--name", "a", "busybox", "sleep", "1000");
    await sandbox.ok("run", "-d", "--name", "b", "busybox", "sleep", "1000");
    await sandbox.kill("netd");
    await sandbox.run("ip", "link", "delete", "br0");
    await sandbox.startNetd();
    expect((await sandbox.netctl("exec", "a", "ping", "-c", "1", "b")).exitCode).toBe(0);
    expect((await sandbox.netctl("exec", "a", "nslookup", "b")).exitCode).toBe(0);
  });
});

describe("netd-runtime after its death", () => {
  test("is started again and takes its containers over: exec, logs, exit codes", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "a",
      "busybox",
      "sh",
      "-c",
      "n=0; until [ -e /go ]; do echo $n; n=$((n+1)); sleep 0.05; done; exit 9",
    );
    const { pid } = await inspect(sandbox, "a");
    await sandbox.kill("runtime");
    expect(await sandbox.ok("exec", "a", "echo", "alive")).toBe("alive\n");
    expect(await pidOf(sandbox, "a")).toBe(pid);
    await sandbox.ok("exec", "a", "touch", "/go");
    expect(await sandbox.ok("wait", "a")).toBe("9\n");
    // Not a line is lost or written twice.
    const lines = (await sandbox.ok("logs", "a")).trim().split("\n").map(Number);
    expect(lines).toEqual(lines.map((_, index) => index));
  });

  test("a container that ends before the next runtime is there has its exit code", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok("run", "-d", "--name", "a", "busybox", "sleep", "1000");
    const { pid } = await inspect(sandbox, "a");
    const { runtime } = await sandbox.json<{ runtime: { pid: number } }>("info");
    await sandbox.run("sh", "-c", `kill -9 ${runtime.pid}; kill -9 ${pid}`);
    expect(await sandbox.ok("wait", "a")).toBe("137\n");
    expect((await sandbox.run("sh", "-c", "ps -eo stat,comm | grep -c '^Z.*sleep' || true")).stdout.trim()).toBe("0");
  });
});

describe("netd-dns after its death", () => {
  test("is started again and knows all names", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok("run", "-d", "--name", "a", "busybox", "sleep", "1000");
    await sandbox.ok("run", "-d", "--name", "b", "busybox", "sleep", "1000");
    await sandbox.kill("dns");
    await sandbox.run("sh", "-c", "until netctl exec a nslookup b > /dev/null; do sleep 0.05; done");
    expect((await sandbox.netctl("exec", "b", "nslookup", "a")).exitCode).toBe(0);
    expect((await sandbox.netctl("exec", "b", "nslookup", "www.example.net")).exitCode).toBe(0);
  });
});

describe("netd killed at any moment", () => {
  test("never gives an address of either family twice and leaves nothing without an owner, in several networks", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok("net", "create", "dual", "--subnet6", "auto");
    // One of two callers removes what the other has just made; requests fail while netd is dead, and that is fine.
    const storm = (round: number) => `
      (for i in 1 2 3 4 5 6 7 8; do netctl run -d --name k${round}-$i --network dual busybox sleep 1000; done) &
      (for i in 1 2 3 4 5 6 7 8; do netctl run -d --name r${round}-$i busybox sleep 1000; netctl rm -f r${round}-$i; done) &
      wait`;
    for (let round = 0; round < 4; round++) {
      const storming = sandbox.run("sh", "-c", storm(round));
      // Dies with three containers made or half made, a little later in each round.
      await sandbox.run("sh", "-c", `until ls /run/netns | grep -q k${round}-3; do :; done; sleep 0.0${round * 2}`);
      await sandbox.kill("netd");
      await storming;
      await sandbox.startNetd();
    }
    const containers = await sandbox.json<NetworkedInfo[]>("ps", "-a");
    const leases = await sandbox.json<LeaseInfo[]>("ls");
    expect(containers.length).toBeGreaterThan(8);
    expect(new Set(leases.map(({ address }) => address)).size).toBe(leases.length);
    expect(leases.map(({ containerId, address }) => `${containerId} ${address}`).sort()).toEqual(
      containers.flatMap(({ id, endpoint }) => addressesOf(endpoint).map((address) => `${id} ${address}`)).sort(),
    );
    expect(containers.filter(({ endpoint }) => addressesOf(endpoint).length === 2).length).toBeGreaterThan(4);
    const running = containers.filter(({ state }) => state === "running");
    const links = JSON.parse((await sandbox.run("ip", "-json", "link", "show", "type", "veth")).stdout) as {
      ifname: string;
    }[];
    expect(
      links
        .map(({ ifname }) => ifname)
        .filter((name) => name !== "up0")
        .sort(),
    ).toEqual(running.map(({ endpoint }) => endpoint.hostInterface).sort());
    const namespaces = (await sandbox.run("ls", "/run/netns")).stdout.trim().split("\n");
    expect(namespaces.filter((name) => name !== "internet").sort()).toEqual(running.map(({ name }) => name).sort());
    for (const { name, endpoint } of running) {
      const { stdout } = await sandbox.run("ip", "-json", "-n", name, "addr", "show", "eth0", "scope", "global");
      const [link] = JSON.parse(stdout) as { addr_info: { local?: string }[] }[];
      // What is left out of the answer is an empty object in it.
      expect(link?.addr_info.flatMap(({ local }) => local ?? [])).toEqual(addressesOf(endpoint));
    }
  });
});

function addressesOf({ address, address6 }: { address: string; address6?: string }): string[] {
  return [address, address6].filter((one) => one !== undefined);
}
