import { describe, expect, test } from "vitest";
import type { ContainerInfo, NetworkInfo } from "../../src/api/index.ts";
import { type SandboxResult, TestSandbox } from "../support/sandbox.ts";

/** Run netd for as long as it takes to say why it does not start. */
async function refused(sandbox: TestSandbox, ...argv: string[]): Promise<SandboxResult> {
  return await sandbox.run("timeout", "20", "netd", ...argv);
}

async function links(sandbox: TestSandbox): Promise<string[]> {
  const found = JSON.parse((await sandbox.run("ip", "-json", "link")).stdout) as { ifname: string }[];
  return found.map(({ ifname }) => ifname).sort();
}

async function network(sandbox: TestSandbox): Promise<NetworkInfo> {
  const [found] = await sandbox.json<NetworkInfo[]>("net", "ls");
  if (found === undefined) throw new Error("there is no network");
  return found;
}

async function sysctl(sandbox: TestSandbox, key: string): Promise<string> {
  return (await sandbox.run("sysctl", "-n", key)).stdout.trim();
}

const UNTOUCHED = { links: ["lo", "up0"], tables: "", forward: "0" };

async function hostState(sandbox: TestSandbox): Promise<typeof UNTOUCHED> {
  return {
    links: await links(sandbox),
    tables: (await sandbox.run("nft", "list", "tables")).stdout.trim(),
    forward: await sysctl(sandbox, "net.ipv4.ip_forward"),
  };
}

describe("netd's bridge", () => {
  test("has the default subnet, a fixed MAC, no router advertisements, and our tag", async () => {
    await using sandbox = await TestSandbox.create();
    const [bridge] = JSON.parse((await sandbox.run("ip", "-json", "-d", "addr", "show", "br0")).stdout) as {
      address: string;
      ifalias: string;
      mtu: number;
      linkinfo: { info_kind: string };
      addr_info: { family: string; local: string; prefixlen: number }[];
    }[];
    expect(bridge).toMatchObject({ address: "02:42:ac:10:00:01", linkinfo: { info_kind: "bridge" }, mtu: 1500 });
    expect(bridge?.ifalias).toMatch(/^netd:[0-9a-f]{8}:bridge$/);
    expect(bridge?.addr_info.find(({ family }) => family === "inet")).toMatchObject({
      local: "172.16.0.1",
      prefixlen: 24,
    });
    expect(await sysctl(sandbox, "net.ipv6.conf.br0.accept_ra")).toBe("0");
    expect(await sysctl(sandbox, "net.ipv4.ip_forward")).toBe("1");
  });

  test("takes name, subnet and gateway from flags, and the MTU from the uplink", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.run("ip", "link", "set", "up0", "mtu", "1400");
    await sandbox.startNetd("--bridge", "lab0", "--subnet", "10.20.0.0/24", "--gateway", "10.20.0.254");
    expect(await network(sandbox)).toMatchObject({
      bridge: "lab0",
      subnet: "10.20.0.0/24",
      gateway: "10.20.0.254",
      mtu: 1400,
    });
    await sandbox.ok("run", "-d", "--name", "a", "busybox", "sleep", "1000");
    const route = await sandbox.ok("exec", "a", "ip", "route");
    expect(route).toMatch(/default via 10\.20\.0\.254 dev eth0/);
    expect(await sandbox.ok("exec", "a", "cat", "/sys/class/net/eth0/mtu")).toBe("1400\n");
    expect((await sandbox.netctl("exec", "a", "ping", "-c", "1", "203.0.113.80")).exitCode).toBe(0);
  });

  test("of somebody else is refused with its remedy, adopted with --adopt, and left at teardown", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.run(
      "sh",
      "-ec",
      "ip link add br0 address 02:00:00:00:00:07 type bridge; ip addr add 192.168.77.1/24 dev br0; ip link set br0 up",
    );
    const { stderr, exitCode } = await refused(sandbox);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^netd: Cannot use bridge 'br0': it was made by somebody else, .*\n {2}try: .*--adopt/);
    await sandbox.startNetd("--adopt");
    expect(await network(sandbox)).toMatchObject({ bridge: "br0", adopted: true });
    await sandbox.ok("run", "--rm", "busybox", "ping", "-c", "1", "203.0.113.80");
    expect((await sandbox.run("netd", "--teardown")).exitCode).toBe(0);
    const [bridge] = JSON.parse((await sandbox.run("ip", "-json", "addr", "show", "br0")).stdout) as {
      address: string;
      ifalias?: string;
      addr_info: { family: string; local: string }[];
    }[];
    expect(bridge?.address).toBe("02:00:00:00:00:07");
    expect(bridge?.ifalias).toBeUndefined();
    expect(bridge?.addr_info.filter(({ family }) => family === "inet").map(({ local }) => local)).toEqual([
      "192.168.77.1",
    ]);
  });

  test("of another kind is refused: its name is taken", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.run("ip", "link", "add", "br0", "type", "veth", "peer", "name", "br1");
    const { stderr, exitCode } = await refused(sandbox, "--adopt");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^netd: Cannot use link 'br0': it is a veth, a bridge wanted\n {2}try: .*--bridge/);
  });
});

describe("netd's subnet", () => {
  test("that overlaps a live route is refused, naming the route", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.run("ip", "route", "add", "10.8.0.0/16", "via", "198.51.100.1");
    const { stderr, exitCode } = await refused(sandbox, "--subnet", "10.8.3.0/24");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^netd: Cannot use subnet 10\.8\.3\.0\/24: it overlaps 10\.8\.0\.0\/16 \(route 10\.8\.0\.0\/16 via 198\.51\.100\.1 dev up0\)\n {2}try: /,
    );
    expect(await hostState(sandbox)).toEqual(UNTOUCHED);
  });

  test("is a free one when the default is taken by a route", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.run("ip", "route", "add", "172.16.0.0/12", "via", "198.51.100.1");
    await sandbox.startNetd();
    expect(await network(sandbox)).toMatchObject({ subnet: "10.0.0.0/24", gateway: "10.0.0.1" });
  });

  test.each([
    [["--subnet", "10.9.0.1/24"], /host bits set\n {2}try: .*10\.9\.0\.0\/24/],
    [["--subnet", "10.9.0.0"], /Cannot parse '10\.9\.0\.0' as an IPv4 subnet/],
    [["--subnet", "10.9.0.0/31"], /a prefix length from 8 to 30 wanted/],
    [
      ["--subnet", "10.9.0.0/24", "--gateway", "10.8.0.1"],
      /Cannot use gateway 10\.8\.0\.1: it is no host address of 10\.9\.0\.0\/24/,
    ],
    [["--subnet", "10.9.0.0/24", "--gateway", "10.9.0.255"], /it is no host address/],
  ])("refuses %j and changes nothing", async (flags, text) => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    const { stderr, exitCode } = await refused(sandbox, ...flags);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(text) });
    expect(await hostState(sandbox)).toEqual(UNTOUCHED);
  });

  test("can't change while containers have addresses in it", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok("create", "--name", "a", "busybox");
    await sandbox.kill("netd");
    const { stderr, exitCode } = await refused(sandbox, "--subnet", "10.9.0.0/24");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/containers have addresses in it, with subnet 172\.16\.0\.0\/24\n {2}try: /),
    });
    await sandbox.startNetd();
    expect(await network(sandbox)).toMatchObject({ subnet: "172.16.0.0/24" });
  });
});

describe("netd", () => {
  test("refuses to run twice in one place", async () => {
    await using sandbox = await TestSandbox.create();
    const { stderr, exitCode } = await refused(sandbox);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/^netd: Cannot use '\/run\/netd': a netd runs there \(pid \d+\)\n {2}try: /),
    });
    expect((await sandbox.netctl("ls")).exitCode).toBe(0);
  });

  test("has a socket for root and its group only", async () => {
    await using sandbox = await TestSandbox.create();
    const { stdout } = await sandbox.run("stat", "-c", "%a %U %F", "/run/netd/netd.sock");
    expect(stdout.trim()).toBe("660 root socket");
  });

  test.each([
    [["--bogus"], /Unknown option '--bogus'/],
    [["--run-dir", "relative"], /Cannot use --run-dir 'relative': an absolute path wanted/],
    [["--bridge", "a/b"], /Cannot use bridge name 'a\/b'/],
    [["--log-level", "loud"], /Cannot use log level 'loud'/],
  ])("exits with 2 after %j", async (flags, text) => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    const { stderr, exitCode } = await refused(sandbox, ...flags);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(text) });
  });
});

describe("netd --teardown", () => {
  test("removes everything netd owns, whether it runs or not, and nothing else", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.run(
      "sh",
      "-ec",
      "ip netns add stranger; ip link add strange0 type bridge; nft add table inet strange; nft add table ip netd",
    );
    await sandbox.startNetd();
    await sandbox.ok("run", "-d", "--name", "a", "busybox", "sleep", "1000");
    await sandbox.ok("run", "-d", "--name", "b", "busybox", "sh", "-c", "trap '' TERM; while :; do sleep 1; done");
    await sandbox.ok("create", "--name", "c", "busybox");
    const [{ pid } = {}] = await sandbox.json<ContainerInfo[]>("inspect", "b");
    const info = await sandbox.json<{ pid: number; runtime: { pid: number }; dns: { pid: number } }>("info");
    const teardown = await sandbox.run("netd", "--teardown");
    expect(teardown).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    expect(await links(sandbox)).toEqual(["lo", "strange0", "up0"]);
    expect((await sandbox.run("ls", "/run/netns")).stdout.trim().split("\n")).toEqual(["internet", "stranger"]);
    expect((await sandbox.run("nft", "list", "tables")).stdout.trim().split("\n").sort()).toEqual([
      "table inet strange",
      "table ip netd",
    ]);
    expect(await sysctl(sandbox, "net.ipv4.ip_forward")).toBe("0");
    const { stdout: alive } = await sandbox.run(
      "sh",
      "-c",
      `ps -o pid= -p ${[pid, info.pid, info.runtime.pid, info.dns.pid].join(",")} || true`,
    );
    expect(alive).toBe("");
    expect(
      (await sandbox.run("sh", "-c", "find /sys/fs/cgroup -mindepth 2 -type d -path '*/netd/*' | head")).stdout,
    ).toBe("");
    expect(
      (await sandbox.run("sh", "-c", "ls -A /run/netd /run/netd-state")).stdout.replaceAll(/^\/run.*:$|\n/gm, ""),
    ).toBe("");
    // Again does no harm.
    expect((await sandbox.run("netd", "--teardown")).exitCode).toBe(0);
  });

  test("leaves a sysctl that was on before, and one that somebody has changed since", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    await sandbox.startNetd();
    await sandbox.run("netd", "--teardown");
    expect(await sysctl(sandbox, "net.ipv4.ip_forward")).toBe("1");
  });
});
