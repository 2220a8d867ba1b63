import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContainerInfo, LeaseInfo } from "../../src/api/index.ts";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;
let atFirst: HostTraces;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("run", "--rm", "busybox", "true");
  atFirst = await hostTraces(sandbox);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function inspect(name: string, where = sandbox): Promise<ContainerInfo> {
  const [info] = await where.json<[ContainerInfo]>("inspect", name);
  return info;
}

async function startIdle(name: string, ...options: string[]): Promise<ContainerInfo> {
  await sandbox.ok("run", "-d", "--name", name, ...options, "busybox", "sleep", "1000");
  return await inspect(name);
}

/** The network namespace of a process, as the kernel names it. */
async function netnsOf(pid: number | string | undefined): Promise<string> {
  return (await sandbox.run("readlink", `/proc/${pid}/ns/net`)).stdout.trim();
}

describe("netctl run --network none", () => {
  test("has a namespace of its own with lo only, no lease and no name", async () => {
    const info = await startIdle("alone", "--network", "none", "--hostname", "hermit", "--add-host", "db:192.0.2.7");
    expect(info).toMatchObject({ networkMode: "none", hostname: "hermit" });
    expect(info.endpoint).toBeUndefined();
    const links = JSON.parse((await sandbox.run("ip", "-json", "-n", "alone", "address")).stdout) as object[];
    expect(links).toMatchObject([{ ifname: "lo", addr_info: [{ local: "127.0.0.1" }, { local: "::1" }] }]);
    expect(await sandbox.ok("exec", "alone", "ping", "-c", "1", "-W", "1", "-q", "localhost")).toContain(
      " 0% packet loss",
    );
    const hosts = await sandbox.ok("exec", "alone", "cat", "/etc/hosts");
    expect(hosts).toContain("127.0.0.1\tlocalhost\n");
    expect(hosts).toContain("192.0.2.7\tdb\n");
    expect(await sandbox.json<LeaseInfo[]>("ls")).toEqual([]);
    expect(await sandbox.ok("ps")).toMatch(/ none +alone/);
    expect((await sandbox.netctl("run", "--rm", "busybox", "nslookup", "alone")).exitCode).not.toBe(0);
    await sandbox.ok("restart", "-t", "0", "alone");
    await sandbox.ok("rm", "-f", "alone");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });
});

describe("netctl run --network host", () => {
  test("shares the host's namespace, name, hosts and resolv.conf, and leaves it alone", async () => {
    // The bridge goes down by itself some time after its last port has left.
    const listLinks = async () => (await sandbox.sh("ip -oneline link | cut -d: -f1,2")).stdout;
    const links = await listLinks();
    const info = await startIdle("homely", "--network", "host", "--add-host", "db:192.0.2.7");
    expect(info).toMatchObject({ networkMode: "host", hostname: (await sandbox.sh("hostname")).stdout.trim() });
    expect(await netnsOf(info.pid)).toBe(await netnsOf("self"));
    expect(await sandbox.ok("exec", "homely", "hostname")).toBe(`${info.hostname}\n`);
    expect(await sandbox.ok("exec", "homely", "cat", "/etc/resolv.conf")).toBe(
      (await sandbox.run("cat", "/etc/resolv.conf")).stdout,
    );
    expect(await sandbox.ok("exec", "homely", "cat", "/etc/hosts")).toBe(
      `${(await sandbox.run("cat", "/etc/hosts")).stdout}192.0.2.7\tdb\n`,
    );
    expect(await sandbox.json<LeaseInfo[]>("ls")).toEqual([]);
    await sandbox.ok("rm", "-f", "homely");
    expect(await listLinks()).toBe(links);
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("its end removes no namespace that somebody else gave its name", async () => {
    await sandbox.ok("run", "-d", "--name", "twin", "--network", "host", "busybox", "sleep", "1000");
    await sandbox.run("ip", "netns", "add", "twin");
    await sandbox.ok("rm", "-f", "twin");
    expect((await sandbox.run("ip", "netns", "list")).stdout).toMatch(/^twin/m);
    await sandbox.run("ip", "netns", "delete", "twin");
  });
});

describe("netctl run --network container:NAME", () => {
  test("shares the namespace, host name and generated files of the other", async () => {
    const web = await startIdle("web", "--hostname", "www");
    const side = await startIdle("side", "--network", "container:web");
    expect(side).toMatchObject({ networkMode: `container:${web.id}`, hostname: "www" });
    expect(side.endpoint).toBeUndefined();
    expect(await netnsOf(side.pid)).toBe(await netnsOf(web.pid));
    for (const file of ["hosts", "hostname", "resolv.conf"]) {
      const script = `diff /proc/${web.pid}/root/etc/${file} /proc/${side.pid}/root/etc/${file}`;
      expect(await sandbox.sh(script)).toMatchObject({ stdout: "", exitCode: 0 });
    }
    // A third one joins the same namespace, whichever of the two it names.
    const third = await startIdle("third", "--network", "container:side");
    expect(third.networkMode).toBe(`container:${web.id}`);
    expect(await sandbox.ok("ps")).toMatch(new RegExp(` container:${web.id.slice(0, 12)} +side`));
    expect((await sandbox.json<LeaseInfo[]>("ls")).map(({ container }) => container)).toEqual(["web"]);
    await sandbox.ok("rm", "-f", "third", "side");
    expect((await sandbox.netctl("exec", "web", "ip", "link", "show", "eth0")).exitCode).toBe(0);
    await sandbox.ok("rm", "-f", "web");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("does not start unless the other runs", async () => {
    await sandbox.ok("create", "--name", "web", "busybox", "sleep", "1000");
    const { exitCode, stderr } = await sandbox.netctl("run", "-d", "--network", "container:web", "busybox", "true");
    expect(exitCode).toBe(125);
    expect(stderr).toContain("the container whose network it joins is not running ('web' is created)");
    await sandbox.ok("rm", "web");
  });
});

describe("netctl run --network", () => {
  test.each<[argv: string[], text: string]>([
    [["--network", "none", "--ip", "172.16.0.9"], "with network 'none' and --ip"],
    [["--network", "host", "--mac-address", "02:00:00:00:00:01"], "with network 'host' and --mac-address"],
    [["--network", "container:web", "--hostname", "h"], "with network 'container:web' and --hostname"],
    [["--network", "container:web", "--dns", "192.0.2.1"], "and --dns"],
    [["--network", "container:nosuch"], "Cannot find container 'nosuch'"],
    [["--network", "nosuch"], "Cannot find network 'nosuch'"],
  ])("%j is refused", async (argv, text) => {
    const { exitCode, stderr } = await sandbox.netctl("run", "--rm", ...argv, "busybox", "true");
    expect(exitCode).toBe(125);
    expect(stderr).toContain(text);
  });

  test("--show tells of no bridge without one", async () => {
    const none = await sandbox.ok("run", "--show", "--network", "none", "--name", "shown", "busybox", "true");
    expect(none).toContain("ip netns add shown");
    expect(none).not.toMatch(/br0|veth/);
    const host = await sandbox.ok("run", "--show", "--network", "host", "busybox", "true");
    expect(host).not.toMatch(/netns|br0|veth/);
  });

  test("a netd after its death knows all of them, and teardown leaves nothing", async () => {
    await using own = await TestSandbox.create();
    const run = (name: string, network: string) =>
      own.ok("run", "-d", "--name", name, "--network", network, "busybox", "sleep", "1000");
    await run("web", "default");
    await run("none", "none");
    await run("host", "host");
    await run("side", "container:web");
    const names = ["web", "none", "host", "side"];
    const before = await Promise.all(names.map((name) => inspect(name, own)));
    await own.kill("netd");
    await own.startNetd();
    expect(await Promise.all(names.map((name) => inspect(name, own)))).toEqual(before);
    await own.ok("rm", "-f", ...names);
    expect((await own.run("ip", "netns", "list")).stdout).not.toMatch(/web|none|host|side/);
  });
});
