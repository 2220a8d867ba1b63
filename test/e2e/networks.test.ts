import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { NetworkDetail } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

interface IpLink {
  ifname: string;
  mtu: number;
  address: string;
  ifalias?: string;
  operstate: string;
  linkinfo?: { info_kind?: string; info_data?: { mode?: string }; info_slave_data?: { isolated?: boolean } };
  addr_info?: { local: string; prefixlen: number; nodad?: boolean; scope: string }[];
  stats64?: { rx: { packets: number; bytes: number }; tx: { packets: number; bytes: number } };
}

let sandbox: TestSandbox;
/** Links, rules and addresses of the host before there is any network but the default one. */
let nothing: string;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("net", "create", "warm", "--subnet6", "auto");
  await sandbox.ok("net", "rm", "warm");
  nothing = await traces();
});

afterEach(async () => {
  await sandbox.sh("netctl rm -f $(netctl ps -aq) > /dev/null 2>&1; netctl net prune -f");
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** What networks leave on the host. */
async function traces(): Promise<string> {
  const { stdout } = await sandbox.sh("ip -br link | cut -d' ' -f1; ip -o address | grep -v fe80; nft list ruleset");
  // Counters and the random names of veth ends' other sides do not matter here.
  return stdout.replaceAll(/ {2,}/g, " ");
}

async function ipJson<T>(...argv: string[]): Promise<T[]> {
  const { stdout } = await sandbox.run("ip", "-json", ...argv);
  return stdout.trim() === "" ? [] : (JSON.parse(stdout) as T[]);
}

async function linkOf(name: string, netns?: string): Promise<IpLink> {
  const [link] = await ipJson<IpLink>(...(netns ? ["-n", netns] : []), "-details", "address", "show", "dev", name);
  if (link === undefined) throw new Error(`there is no link ${name}`);
  return link;
}

async function inspect(name: string): Promise<NetworkDetail> {
  const [detail] = await sandbox.json<NetworkDetail[]>("net", "inspect", name);
  if (detail === undefined) throw new Error(`there is no network ${name}`);
  return detail;
}

async function run(name: string, network: string, ...options: string[]): Promise<void> {
  await sandbox.ok("run", "-d", "--name", name, "--network", network, ...options, "busybox", "sleep", "10000");
}

async function isReached(from: string, address: string): Promise<boolean> {
  const { exitCode } = await sandbox.netctl("exec", from, "ping", "-c", "1", "-W", "2", address);
  return exitCode === 0;
}

async function routesOf(container: string): Promise<string[]> {
  const routes = await ipJson<{ dst: string; gateway?: string; dev: string }>("-n", container, "route");
  return routes.map(({ dst, gateway, dev }) => `${dst} ${gateway ?? "link"} ${dev}`).sort();
}

describe("net create", () => {
  test("makes a bridge of both families that is up, tagged, of a fixed MAC, and closed to router advertisements", async () => {
    await sandbox.ok("net", "create", "lab", "--subnet", "10.50.0.0/24", "--subnet6", "fd00:50::/64", "--mtu", "1400");
    const { id, bridge } = await inspect("lab");
    expect(bridge).toBe(`br-${id}`);
    const link = await linkOf(bridge);
    expect(link).toMatchObject({ mtu: 1400, address: "02:42:0a:32:00:01", linkinfo: { info_kind: "bridge" } });
    expect(link.ifalias).toMatch(/^netd:[0-9a-f]{8}:bridge$/);
    const global = link.addr_info?.filter(({ scope }) => scope === "global");
    expect(global).toMatchObject([
      { local: "10.50.0.1", prefixlen: 24 },
      { local: "fd00:50::1", prefixlen: 64, nodad: true },
    ]);
    const { stdout } = await sandbox.sh(
      `cat /proc/sys/net/ipv6/conf/${bridge}/accept_ra /proc/sys/net/ipv6/conf/all/forwarding`,
    );
    expect(stdout).toBe("0\n1\n");
  });

  test("its containers reach each other and the internet in both families", async () => {
    await sandbox.ok("net", "create", "lab", "--subnet6", "auto");
    await run("a", "lab");
    await run("b", "lab");
    const { members } = await inspect("lab");
    const b = members.find(({ container }) => container === "b");
    for (const address of [b?.address, b?.address6, "b", "203.0.113.80", "2001:db8:113::80"]) {
      expect({ address, isReached: await isReached("a", address ?? "?") }).toEqual({ address, isReached: true });
    }
  });

  test("prints the commands that make the same bridge by hand", async () => {
    const options = ["--subnet", "10.51.0.0/24", "--subnet6", "fd00:51::/64", "--bridge", "lab0", "--mtu", "1400"];
    const shown = await sandbox.ok("net", "create", "lab", ...options, "--show");
    expect(await sandbox.sh("ip link show lab0")).toMatchObject({ exitCode: 1 });
    const commands = shown.slice(0, shown.indexOf("nft -f"));
    expect((await sandbox.sh(commands)).exitCode).toBe(0);
    const stable = async () => JSON.stringify({ ...(await linkOf("lab0")), ifindex: 0, linkinfo: "bridge" });
    const byHand = await stable();
    await sandbox.sh("ip link delete lab0");
    await sandbox.ok("net", "create", "lab", ...options);
    const ours = await stable();
    const withoutTimes = (text: string) => text.replaceAll(/"(valid|preferred)_life_time":\d+|"tentative":true,?/g, "");
    expect(withoutTimes(ours)).toBe(withoutTimes(byHand));
  });

  test("leaves nothing when the resolver can't listen on its address", async () => {
    // IP_FREEBIND is 15: it has the address before anybody does.
    const squatter =
      "import socket,time; u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.setsockopt(0,15,1); u.bind(('10.58.0.1',53)); print('up',flush=True); time.sleep(1000)";
    await using program = sandbox.start("python3", "-c", squatter);
    await program.see(/up/);
    const { exitCode, stderr } = await sandbox.netctl("net", "create", "lab", "--subnet", "10.58.0.0/24");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("53") });
    expect((await sandbox.json<unknown[]>("net", "ls")).length).toBe(1);
    expect(await traces()).toBe(nothing);
  });
});

describe("net rm", () => {
  test("is refused while containers are in it, running or not, and names them; then leaves nothing", async () => {
    await sandbox.ok("net", "create", "lab", "--subnet6", "auto");
    await run("a", "lab");
    await sandbox.ok("create", "--name", "b", "--network", "lab", "busybox", "true");
    expect(await sandbox.netctl("net", "rm", "lab")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/containers are in it \((a, b|b, a)\), none wanted/),
    });
    expect(await isReached("a", "203.0.113.80")).toBe(true);
    await sandbox.ok("rm", "-f", "a", "b");
    await sandbox.ok("net", "rm", "lab");
    await sandbox.sh("while ip -br link | grep -q '^ve'; do sleep 0.02; done");
    expect(await traces()).toBe(nothing);
    expect(await sandbox.netctl("net", "rm", "lab")).toMatchObject({ exitCode: 1 });
  });

  test("refuses the default network, and prune leaves it and what is in use", async () => {
    expect((await sandbox.netctl("net", "rm", "default")).stderr).toContain("netd itself needs");
    await sandbox.ok("net", "create", "used");
    await sandbox.ok("net", "create", "unused");
    await run("a", "used");
    await sandbox.ok("net", "prune", "-f");
    const names = (await sandbox.json<{ name: string }[]>("net", "ls")).map(({ name }) => name);
    expect(names.sort()).toEqual(["default", "used"]);
  });
});

describe("net set", () => {
  test("changes the MTU of bridge and both ends of each pair while containers ping each other, and loses no packet", async () => {
    await sandbox.ok("net", "create", "lab");
    await run("b", "lab");
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "a",
      "--network",
      "lab",
      "busybox",
      "ping",
      "-i",
      "0.01",
      "-s",
      "1000",
      "b",
    );
    await sandbox.sh("until netctl logs a | grep -q seq=3; do sleep 0.02; done");
    const { bridge, members } = await inspect("lab");
    for (const mtu of ["1300", "9000", "1450", "auto"]) {
      await sandbox.ok("net", "set", "lab", "--mtu", mtu);
      const wanted = mtu === "auto" ? 1500 : Number(mtu);
      expect((await inspect("lab")).mtu).toBe(wanted);
      expect((await linkOf(bridge)).mtu).toBe(wanted);
      for (const { container, hostInterface } of members) {
        expect((await linkOf(hostInterface)).mtu).toBe(wanted);
        expect((await linkOf("eth0", container)).mtu).toBe(wanted);
      }
    }
    await sandbox.ok("kill", "-s", "INT", "a");
    await sandbox.ok("wait", "a");
    const [, sent, received] = /(\d+) packets transmitted, (\d+) packets received/.exec(await sandbox.ok("logs", "a"))!;
    expect(Number(sent)).toBeGreaterThan(20);
    expect(received).toBe(sent);
  });

  test("puts routes into running containers and takes them out, and those that start later have them", async () => {
    await sandbox.ok("net", "create", "lab", "--subnet", "10.52.0.0/24");
    await run("a", "lab");
    const before = await routesOf("a");
    await sandbox.ok("net", "set", "lab", "--route", "10.99.0.0/16:10.52.0.9", "--route", "10.98.0.0/16:10.52.0.9");
    const added = ["10.98.0.0/16 10.52.0.9 eth0", "10.99.0.0/16 10.52.0.9 eth0"];
    expect(await routesOf("a")).toEqual([...before, ...added].sort());
    await run("b", "lab");
    expect(await routesOf("b")).toEqual(await routesOf("a"));
    await sandbox.ok("net", "set", "lab", "--route", "10.99.0.0/16:10.52.0.8");
    expect(await routesOf("a")).toEqual([...before, "10.99.0.0/16 10.52.0.8 eth0"].sort());
  });

  test("makes a network internal and back: no default route, no way out, neighbours stay", async () => {
    await sandbox.ok("net", "create", "lab", "--subnet", "10.53.0.0/24");
    await run("a", "lab");
    await run("b", "lab");
    await sandbox.ok("net", "set", "lab", "--internal");
    expect(await routesOf("a")).toEqual(["10.53.0.0/24 link eth0"]);
    // Nor for who makes himself a route.
    await sandbox.sh("ip -n a route add 203.0.113.0/24 via 10.53.0.1");
    expect(await isReached("a", "203.0.113.80")).toBe(false);
    await sandbox.sh("ip -n a route delete 203.0.113.0/24");
    expect(await isReached("a", "10.53.0.3")).toBe(true);
    // Names of its own are answered, others are not looked up (CVE-2024-29018).
    expect((await sandbox.netctl("exec", "a", "nslookup", "b")).exitCode).toBe(0);
    expect((await sandbox.netctl("exec", "a", "nslookup", "www.example.net")).stdout).toContain("REFUSED");
    await sandbox.ok("net", "set", "lab", "--internal=false");
    expect((await sandbox.netctl("exec", "a", "nslookup", "www.example.net")).exitCode).toBe(0);
    expect(await routesOf("a")).toEqual(["10.53.0.0/24 link eth0", "default 10.53.0.1 eth0"]);
    expect(await isReached("a", "203.0.113.80")).toBe(true);
  });

  test("isolates its containers from each other and lets them go, the host and the internet stay", async () => {
    await sandbox.ok("net", "create", "lab", "--subnet", "10.54.0.0/24");
    await run("a", "lab");
    await run("b", "lab");
    const isIsolated = async () => {
      const { members } = await inspect("lab");
      const links = await Promise.all(members.map(({ hostInterface }) => linkOf(hostInterface)));
      return links.map(({ linkinfo }) => linkinfo?.info_slave_data?.isolated);
    };
    await sandbox.ok("net", "set", "lab", "--isolated");
    expect(await isIsolated()).toEqual([true, true]);
    expect(await isReached("a", "10.54.0.3")).toBe(false);
    expect(await isReached("a", "10.54.0.1")).toBe(true);
    expect(await isReached("a", "203.0.113.80")).toBe(true);
    await sandbox.ok("net", "set", "lab", "--isolated=false");
    expect(await isIsolated()).toEqual([false, false]);
    await sandbox.sh("until netctl exec a ping -c 1 -W 1 10.54.0.3; do :; done");
  });

  test("gives running containers a domain, and name servers of the network", async () => {
    await sandbox.ok("net", "create", "lab");
    await run("a", "lab");
    await run("b", "lab");
    await sandbox.ok("net", "set", "lab", "--domain", "lab.example", "--dns", "198.51.100.77");
    expect(await sandbox.ok("exec", "a", "cat", "/etc/resolv.conf")).toContain("search lab.example\n");
    expect((await sandbox.netctl("exec", "a", "nslookup", "b.lab.example")).exitCode).toBe(0);
    expect((await sandbox.netctl("exec", "a", "nslookup", "www.example.net")).exitCode).toBe(1);
    await sandbox.ok("net", "set", "lab", "--dns", "203.0.113.53");
    expect((await sandbox.netctl("exec", "a", "nslookup", "www.example.net")).exitCode).toBe(0);
  });

  test("--confirm takes the change back unless it is confirmed", async () => {
    await sandbox.ok("net", "create", "lab");
    await run("a", "lab");
    await sandbox.ok("net", "set", "lab", "--mtu", "1400", "--confirm", "1s");
    await sandbox.sh("until netctl net inspect lab | grep -q '\"mtu\": 1500'; do sleep 0.05; done");
    expect((await linkOf("eth0", "a")).mtu).toBe(1500);
    await sandbox.ok("net", "set", "lab", "--mtu", "1400", "--confirm", "1h");
    expect((await sandbox.netctl("net", "rm", "lab")).stderr).toMatch(
      /containers are in it|waits for its confirmation/,
    );
    const [change] = await sandbox.json<{ id: string }[]>("change", "ls");
    await sandbox.ok("change", "confirm", change?.id ?? "");
    expect((await linkOf("eth0", "a")).mtu).toBe(1400);
  });

  test("turns NAT off and on again", async () => {
    await sandbox.ok("net", "create", "lab");
    await run("a", "lab");
    await sandbox.ok("net", "set", "lab", "--nat", "off");
    expect(await isReached("a", "203.0.113.80")).toBe(false);
    await sandbox.ok("net", "set", "lab", "--nat", "snat:198.51.100.2");
    expect(await isReached("a", "203.0.113.80")).toBe(true);
  });

  test("that can't be leaves everything as it was", async () => {
    await sandbox.ok("net", "create", "lab", "--subnet", "10.55.0.0/24");
    await run("a", "lab");
    const before = await inspect("lab");
    const { exitCode, stderr } = await sandbox.netctl(
      "net",
      "set",
      "lab",
      "--route",
      "10.99.0.0/16:10.77.0.1",
      "--mtu",
      "1300",
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("next router") });
    expect({ ...(await inspect("lab")), counters: {} }).toEqual({ ...before, counters: {} });
    expect((await linkOf("eth0", "a")).mtu).toBe(1500);
  });
});

describe("net create --adopt", () => {
  test("takes over somebody else's bridge with its addresses, and leaves it as it was", async () => {
    await sandbox.sh(
      "ip link add stranger0 type bridge; ip address add 10.60.0.1/24 dev stranger0; ip link set stranger0 up",
    );
    expect((await sandbox.netctl("net", "create", "lab", "--bridge", "stranger0")).stderr).toContain("--adopt");
    await sandbox.ok("net", "create", "lab", "--bridge", "stranger0", "--adopt");
    expect(await inspect("lab")).toMatchObject({ adopted: true, subnet: "10.60.0.0/24", gateway: "10.60.0.1" });
    await run("a", "lab");
    expect(await isReached("a", "203.0.113.80")).toBe(true);
    await sandbox.ok("rm", "-f", "a");
    await sandbox.ok("net", "rm", "lab");
    expect((await linkOf("stranger0")).addr_info?.filter(({ scope }) => scope === "global")).toMatchObject([
      { local: "10.60.0.1", prefixlen: 24 },
    ]);
    await sandbox.sh("ip link delete stranger0");
  });
});

describe("net inspect", () => {
  test("tells members, ports, limits and counters as iproute2 does", async () => {
    await sandbox.ok("net", "create", "lab", "--subnet", "10.56.0.0/24");
    await run("a", "lab");
    await run("b", "lab");
    await sandbox.ok("exec", "a", "ping", "-c", "3", "-i", "0.1", "10.56.0.1");
    const detail = await inspect("lab");
    const ports = await ipJson<IpLink>("link", "show", "master", detail.bridge);
    expect(detail.members.map(({ hostInterface }) => hostInterface).sort()).toEqual(
      ports.map(({ ifname }) => ifname).sort(),
    );
    expect(detail.ports).toEqual({ used: ports.length, limit: 1023 });
    const { stdout } = await sandbox.run("ip", "ntable", "show", "name", "arp_cache");
    expect(detail.neighbours?.limit).toBe(Number(/thresh3 (\d+)/.exec(stdout)?.[1]));
    expect(detail.neighbours?.used).toBeGreaterThanOrEqual(1);
    const [link] = await ipJson<IpLink>("-statistics", "link", "show", "dev", detail.bridge);
    // Multicast of the kernel's own may come in between.
    expect(detail.counters?.rxPackets).toBeGreaterThanOrEqual(3);
    expect(detail.counters?.rxPackets).toBeLessThanOrEqual(link?.stats64?.rx.packets ?? 0);
    const [a] = detail.members.filter(({ container }) => container === "a");
    expect(a).toMatchObject({ interface: "eth0", address: "10.56.0.2", mac: "02:42:0a:38:00:02", running: true });
  });
});

describe("a macvlan network", () => {
  const LAN = ["--kind", "macvlan", "--parent", "up0", "--subnet", "198.51.100.0/24", "--gateway", "198.51.100.1"];

  test("puts containers next to the host on its parent, with addresses of their own outside", async () => {
    await sandbox.ok("net", "create", "lan", ...LAN, "--range", "198.51.100.64/28");
    await run("a", "lan");
    const link = await linkOf("eth0", "a");
    expect(link).toMatchObject({ linkinfo: { info_kind: "macvlan", info_data: { mode: "bridge" } } });
    expect(link.addr_info?.filter(({ scope }) => scope === "global")).toMatchObject([{ local: "198.51.100.64" }]);
    expect(await routesOf("a")).toEqual(["198.51.100.0/24 link eth0", "default 198.51.100.1 eth0"]);
    const page = await sandbox.ok("exec", "a", "wget", "-qO-", "http://203.0.113.80/");
    expect(page).toContain("You come from 198.51.100.64");
    await sandbox.ok("rm", "-f", "a");
    await sandbox.ok("net", "rm", "lan");
    expect(await traces()).toBe(nothing);
  });

  test("joins containers on its parent to each other in both families, those too that are connected while they run", async () => {
    await sandbox.ok("net", "create", "lan", ...LAN, "--subnet6", "fd00:5::/64");
    await run("a", "lan", "--ip", "198.51.100.64", "--ip6", "fd00:5::64");
    await run("b", "default");
    await sandbox.ok("net", "connect", "lan", "b", "--ip", "198.51.100.65", "--ip6", "fd00:5::65", "--alias", "bee");
    const link = await linkOf("eth1", "b");
    expect(link).toMatchObject({ operstate: "UP", linkinfo: { info_kind: "macvlan", info_data: { mode: "bridge" } } });
    expect(link.addr_info?.filter(({ scope }) => scope === "global").map(({ local }) => local)).toEqual([
      ...["198.51.100.65", "fd00:5::65"],
    ]);
    for (const address of ["198.51.100.65", "fd00:5::65"]) expect(await isReached("a", address)).toBe(true);
    for (const address of ["198.51.100.64", "fd00:5::64"]) expect(await isReached("b", address)).toBe(true);
    await sandbox.ok("net", "disconnect", "lan", "b");
    expect((await ipJson<IpLink>("-n", "b", "link")).map(({ ifname }) => ifname)).toEqual(["lo", "eth0"]);
    expect(await isReached("a", "198.51.100.65")).toBe(false);
    await sandbox.ok("rm", "-f", "a", "b");
    await sandbox.ok("net", "rm", "lan");
    expect(await traces()).toBe(nothing);
  });

  test("is refused without a parent that is up, and says what else is wrong", async () => {
    const create = async (...options: string[]) => (await sandbox.netctl("net", "create", "lan", ...options)).stderr;
    expect(await create("--kind", "macvlan", "--parent", "nobody0", "--subnet", "10.0.0.0/24")).toContain(
      "no such link",
    );
    expect(await create("--kind", "macvlan", "--parent", "br0", "--subnet", "10.0.0.0/24")).toContain(
      "the bridge of network 'default'",
    );
    expect(await create(...LAN, "--internal")).toContain("--internal");
    expect(await create("--kind", "macvlan")).toContain("--parent");
  });
});

describe("netd --subnet6", () => {
  test("gives the default network IPv6, which a later start without the flag keeps", async () => {
    await using host = await TestSandbox.create({ netdArgs: ["--subnet6", "auto"] });
    await host.ok("run", "--rm", "busybox", "ping", "-6", "-c", "1", "2001:db8:113::80");
    const before = await host.json<NetworkDetail[]>("net", "inspect", "default");
    expect(before[0]?.subnet6).toMatch(/^fd[0-9a-f:]+::\/64$/);
    await host.kill("netd");
    await host.startNetd();
    const after = await host.json<NetworkDetail[]>("net", "inspect", "default");
    expect(after[0]?.subnet6).toBe(before[0]?.subnet6);
  });
});
