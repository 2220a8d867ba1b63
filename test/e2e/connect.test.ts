import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ContainerInfo, LeaseInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

const IDLE = ["busybox", "sleep", "1000"];

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("net", "create", "lab", "--subnet", "10.1.0.0/24");
  await sandbox.ok("net", "create", "dual", "--subnet", "10.2.0.0/24", "--subnet6", "fd00:2::/64");
  await sandbox.ok("net", "create", "six", "--ipv4=false", "--subnet6", "fd00:3::/64");
  await sandbox.ok("net", "create", "inner", "--subnet", "10.4.0.0/24", "--internal");
});

afterEach(async () => {
  const { stdout } = await sandbox.netctl("ps", "-aq");
  const ids = stdout.split("\n").filter(Boolean);
  if (ids.length > 0) await sandbox.ok("rm", "-f", ...ids);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function inspect(name: string): Promise<ContainerInfo> {
  const [info] = await sandbox.json<[ContainerInfo]>("inspect", name);
  return info;
}

/** What `ip` says inside: each interface that is up with its addresses, link-local ones left out, and its MAC; the default routes. */
async function look(name: string) {
  const run = async (...words: string[]) =>
    JSON.parse((await sandbox.run("ip", "-json", "-n", name, ...words)).stdout || "[]");
  type Link = {
    ifname: string;
    address: string;
    flags: string[];
    addr_info: { local: string; prefixlen: number; scope: string }[];
  };
  const links: Link[] = await run("address");
  const routes = [...(await run("route", "show", "default")), ...(await run("-6", "route", "show", "default"))];
  return {
    links: Object.fromEntries(
      links
        .filter(({ ifname, flags }) => ifname !== "lo" && flags.includes("LOWER_UP"))
        .map(({ ifname, addr_info: held }) => [
          ifname,
          held.filter(({ scope }) => scope !== "link").map(({ local, prefixlen }) => `${local}/${prefixlen}`),
        ]),
    ),
    macs: Object.fromEntries(links.map(({ ifname, address }) => [ifname, address])),
    defaults: routes.map(({ gateway, dev }: { gateway: string; dev: string }) => `${gateway} ${dev}`),
  };
}

async function ping(from: string, to: string): Promise<string> {
  const { stdout, stderr } = await sandbox.netctl("exec", from, "ping", "-c", "1", "-W", "5", to);
  return /bytes from (\S+): seq/.exec(stdout)?.[1]?.replace(/:$/, "") ?? `${stdout}${stderr}`;
}

async function lookup(from: string, name: string, type = "A"): Promise<string[]> {
  const { stdout } = await sandbox.netctl("exec", from, "nslookup", `-type=${type}`, name);
  return [...stdout.matchAll(/^Name:.*\nAddress: (\S+)$/gm)].map(([, address = ""]) => address);
}

describe("netctl run --network", () => {
  test("joins several networks, with addresses, MACs and aliases of its own in each", async () => {
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "db",
      "--network",
      "lab",
      "--ip",
      "10.1.0.7",
      "--network-alias",
      "store",
      ...IDLE,
    );
    const long = "name=lab,ip=10.1.0.77,mac-address=02:42:00:00:00:77,alias=site";
    await sandbox.ok("run", "-d", "--name", "web", "--network", "dual", "--network", long, ...IDLE);
    expect(await look("web")).toMatchObject({
      links: {
        eth0: [expect.stringMatching(/^10\.2\.0\.\d+\/24$/), expect.stringMatching(/^fd00:2::/)],
        eth1: ["10.1.0.77/24"],
      },
      macs: { eth0: expect.stringMatching(/^02:42:0a:02:00:/), eth1: "02:42:00:00:00:77" },
      defaults: ["10.2.0.1 eth0", "fd00:2::1 eth0"],
    });
    expect(await ping("web", "store")).toBe("10.1.0.7");
    expect(await ping("db", "site")).toBe("10.1.0.77");
    expect(await lookup("db", "web")).toEqual(["10.1.0.77"]);
    expect(await sandbox.ok("exec", "web", "cat", "/etc/hosts")).toMatch(/^10\.1\.0\.7\tdb\tstore$/m);
    const { endpoints } = await inspect("web");
    expect(endpoints?.map(({ network, interface: name, defaultRoute }) => [network, name, defaultRoute])).toEqual([
      ["dual", "eth0", true],
      ["lab", "eth1", false],
    ]);
  });

  test("joins a network of IPv6 only, where names, neighbours and the way out are reached at once", async () => {
    await sandbox.ok("run", "-d", "--name", "a", "--network", "six", "--ip6", "fd00:3::aa", ...IDLE);
    await sandbox.ok("run", "-d", "--name", "b", "--network", "six", ...IDLE);
    expect(await look("a")).toMatchObject({ links: { eth0: ["fd00:3::aa/64"] }, defaults: ["fd00:3::1 eth0"] });
    const tentative = await sandbox.run("ip", "-n", "a", "-6", "address", "show", "tentative");
    expect(tentative.stdout).toBe("");
    expect(await ping("a", "b")).toMatch(/^fd00:3::/);
    expect(await lookup("b", "a", "AAAA")).toEqual(["fd00:3::aa"]);
    expect(await sandbox.ok("exec", "a", "cat", "/etc/resolv.conf")).toContain("nameserver fd00:3::1\n");
    expect((await inspect("a")).endpoint).toMatchObject({ address: "fd00:3::aa", address6: "fd00:3::aa" });
  });

  test("has no way out of an internal network, nor names of others there", async () => {
    await sandbox.ok("run", "-d", "--name", "a", "--network", "inner", "--ip", "10.4.0.7", ...IDLE);
    await sandbox.ok("run", "-d", "--name", "b", "--network", "inner", "--ip", "10.4.0.8", ...IDLE);
    expect(await look("a")).toMatchObject({ links: { eth0: ["10.4.0.7/24"] }, defaults: [] });
    expect(await ping("a", "b")).toBe("10.4.0.8");
    expect((await sandbox.netctl("exec", "a", "nslookup", "www.example.net")).stdout).toContain("REFUSED");
  });
});

describe("netctl net connect", () => {
  test("gives a running container an interface, an address, names and, when asked for, the default route; disconnect takes all back", async () => {
    await sandbox.ok("run", "-d", "--name", "db", "--network", "dual", "--ip", "10.2.0.7", ...IDLE);
    await sandbox.ok("run", "-d", "--name", "web", ...IDLE);
    const before = await look("web");
    expect(await ping("web", "db")).toContain("bad address");

    await sandbox.ok("net", "connect", "dual", "web", "--ip", "10.2.0.9", "--ip6", "fd00:2::9", "--alias", "site");
    expect(await look("web")).toMatchObject({
      links: { ...before.links, eth1: ["10.2.0.9/24", "fd00:2::9/64"] },
      defaults: [...before.defaults, "fd00:2::1 eth1"],
    });
    expect(await ping("web", "db")).toBe("10.2.0.7");
    expect(await ping("db", "site")).toBe("10.2.0.9");
    expect(await lookup("db", "web", "AAAA")).toEqual(["fd00:2::9"]);
    const { stdout: bridge } = await sandbox.run("ip", "-json", "link", "show", "type", "bridge");
    const bridges = (JSON.parse(bridge) as { ifname: string }[]).map(({ ifname }) => ifname);
    const { endpoints } = await inspect("web");
    const port = JSON.parse(
      (await sandbox.run("ip", "-json", "link", "show", endpoints?.[1]?.hostInterface ?? "")).stdout,
    );
    expect(port).toMatchObject([
      { master: expect.toSatisfy((name: string) => bridges.includes(name)), operstate: "UP" },
    ]);

    await sandbox.ok("net", "connect", "lab", "web", "--default-route");
    expect((await look("web")).defaults).toEqual(["10.1.0.1 eth2", "fd00:2::1 eth1"]);
    expect(await ping("web", "203.0.113.80")).toBe("203.0.113.80");

    for (const network of ["lab", "dual"]) await sandbox.ok("net", "disconnect", network, "web");
    expect(await look("web")).toEqual(before);
    expect(await ping("web", "db")).toContain("bad address");
    const leases = await sandbox.json<LeaseInfo[]>("ls");
    expect(leases.map(({ container, network }) => `${container} ${network}`).sort()).toEqual([
      "db dual",
      "db dual",
      "web default",
    ]);
    expect(await ping("web", "203.0.113.80")).toBe("203.0.113.80");
  });

  test("moves the default route when the network that has it is left, and takes the lowest free interface next", async () => {
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "web",
      "--network",
      "lab",
      "--network",
      "name=dual,ip=10.2.0.2,ip6=fd00:2::2",
      ...IDLE,
    );
    await sandbox.ok("net", "disconnect", "lab", "web");
    expect(await look("web")).toMatchObject({
      links: { eth1: ["10.2.0.2/24", "fd00:2::2/64"] },
      defaults: ["10.2.0.1 eth1", "fd00:2::1 eth1"],
    });
    expect(await sandbox.ok("exec", "web", "cat", "/etc/resolv.conf")).toContain("nameserver 10.2.0.1\n");
    await sandbox.ok("net", "connect", "inner", "web", "--ip", "10.4.0.2");
    expect(await look("web")).toMatchObject({
      links: { eth0: ["10.4.0.2/24"] },
      defaults: ["10.2.0.1 eth1", "fd00:2::1 eth1"],
    });
    await sandbox.ok("restart", "-t", "0", "web");
    expect(await look("web")).toMatchObject({
      links: { eth0: ["10.4.0.2/24"], eth1: ["10.2.0.2/24", "fd00:2::2/64"] },
      defaults: ["10.2.0.1 eth1", "fd00:2::1 eth1"],
    });
  });

  test("leaves a container with lo only when its last network is left, and joins it again", async () => {
    await sandbox.ok("run", "-d", "--name", "web", ...IDLE);
    await sandbox.ok("net", "disconnect", "default", "web");
    expect(await look("web")).toEqual({ links: {}, macs: { lo: "00:00:00:00:00:00" }, defaults: [] });
    expect(await sandbox.json<LeaseInfo[]>("ls")).toEqual([]);
    expect((await inspect("web")).state).toBe("running");
    await sandbox.ok("restart", "-t", "0", "web");
    expect((await look("web")).links).toEqual({});
    await sandbox.ok("net", "connect", "default", "web");
    expect((await look("web")).defaults).toEqual(["172.16.0.1 eth0"]);
    expect(await ping("web", "203.0.113.80")).toBe("203.0.113.80");
  });

  test("of a stopped container changes its definition, and the next start joins it", async () => {
    await sandbox.ok("create", "--name", "web", ...IDLE);
    expect(await sandbox.ok("net", "connect", "lab", "web", "--show")).toContain("does not run");
    await sandbox.ok("net", "connect", "lab", "web", "--ip", "10.1.0.50");
    await sandbox.ok("net", "disconnect", "default", "web");
    await sandbox.ok("start", "web");
    expect(await look("web")).toMatchObject({ links: { eth1: ["10.1.0.50/24"] }, defaults: ["10.1.0.1 eth1"] });
  });

  test("is refused for a network that it is in, one that is unknown, an address that is taken, and a namespace of others", async () => {
    await sandbox.ok("run", "-d", "--name", "web", "--network", "lab", ...IDLE);
    await sandbox.ok("run", "-d", "--name", "alone", "--network", "none", ...IDLE);
    const refuse = async (text: string, ...argv: string[]) => {
      const { exitCode, stderr } = await sandbox.netctl("net", ...argv);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(text);
    };
    const before = await look("web");
    await refuse("it is in that network already", "connect", "lab", "web");
    await refuse("nosuch", "connect", "nosuch", "web");
    await refuse("10.2.0.1", "connect", "dual", "web", "--ip", "10.2.0.1");
    await refuse("no IPv6", "connect", "inner", "web", "--ip6", "fd00:4::9");
    await refuse("'none'", "connect", "lab", "alone");
    await refuse("it is not in that network", "disconnect", "dual", "web");
    expect(await look("web")).toEqual(before);
    expect(await sandbox.json<LeaseInfo[]>("ls")).toHaveLength(1);
  });

  test("that fails in the kernel leaves no lease, no link and no rule of it", async () => {
    await sandbox.ok("run", "-d", "--name", "web", ...IDLE);
    const [before, rules] = [await look("web"), await sandbox.sh("nft list ruleset")];
    // A stranger's link has the name that netd would give to the host end.
    const port = `${(await inspect("web")).endpoint?.hostInterface}-1`;
    await sandbox.sh(`ip link add ${port} type bridge`);
    const { exitCode } = await sandbox.netctl("net", "connect", "lab", "web");
    expect(exitCode).toBe(1);
    expect(await look("web")).toEqual(before);
    expect(await sandbox.json<LeaseInfo[]>("ls")).toHaveLength(1);
    expect((await sandbox.sh("nft list ruleset")).stdout).toBe(rules.stdout);
    await sandbox.sh(`ip link delete ${port}`);
    await sandbox.ok("net", "connect", "lab", "web");
    expect((await look("web")).links.eth1).toHaveLength(1);
  });

  test("--show prints the commands, which do the same when a person types them", async () => {
    await sandbox.ok("run", "-d", "--name", "web", ...IDLE);
    const shown = await sandbox.ok("net", "connect", "dual", "web", "--show");
    expect((await look("web")).links.eth1).toBeUndefined();
    const { exitCode, stderr } = await sandbox.sh(
      shown.replace(/^.*arping.*$/gm, "true").replace(/^.*ndisc6.*$/gm, "true"),
    );
    expect([exitCode, stderr]).toEqual([0, ""]);
    const typed = await look("web");
    await sandbox.ok("rm", "-f", "web");
    await sandbox.ok("run", "-d", "--name", "web", "--ip", typed.links.eth0?.[0]?.split("/")[0] ?? "", ...IDLE);
    const [address = "", address6 = ""] = typed.links.eth1?.map((text) => text.split("/")[0] ?? "") ?? [];
    await sandbox.ok("net", "connect", "dual", "web", "--ip", address, "--ip6", address6);
    expect(await look("web")).toEqual(typed);
  });
});
