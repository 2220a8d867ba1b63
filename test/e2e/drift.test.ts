import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { DaemonInfo, DoctorFinding, DriftItem, EventInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { useApi } from "../support/sandbox-api.ts";

/** Generous, for a busy machine: what is promised is a second. */
const LIMIT = { timeout: 30_000, interval: 50 };

/** A name server of somebody else's. */
const LISTEN = `require("dgram").createSocket("udp4").bind(53, "10.77.0.1", () => console.log("up"))`;

interface Link {
  ifname: string;
  ifindex: number;
  master?: string;
  mtu: number;
  flags: string[];
}

describe("netd puts back what strangers change", () => {
  let sandbox: TestSandbox;
  let pid: number;
  let hostInterface: string;

  beforeAll(async () => {
    sandbox = await TestSandbox.create();
    await sandbox.ok("run", "-d", "--name", "web", "busybox", "sleep", "1000");
    const [info] = await sandbox.json<{ pid: number; endpoint: { hostInterface: string } }[]>("inspect", "web");
    pid = info?.pid ?? 0;
    hostInterface = info?.endpoint.hostInterface ?? "";
  });

  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]();
  });

  /** Do as a stranger does, in the sandbox's host. */
  async function strangerDoes(program: string, ...args: string[]): Promise<void> {
    const { exitCode, stderr } = await sandbox.run(program, ...args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  }

  async function api<T>(method: string, path: string): Promise<T> {
    return await useApi<T>(sandbox, method, path);
  }

  async function link(name: string): Promise<Link | undefined> {
    return (JSON.parse((await sandbox.run("ip", "-json", "link")).stdout) as Link[]).find(
      ({ ifname }) => ifname === name,
    );
  }

  /** Wait until all is as netd wants it. */
  async function expectHealed(): Promise<void> {
    await vi.waitFor(async () => {
      expect(await api<DriftItem[]>("GET", "/v1/drift")).toEqual([]);
      const { exitCode } = await sandbox.netctl("exec", "web", "ping", "-c", "1", "-W", "1", "203.0.113.80");
      expect(exitCode).toBe(0);
    }, LIMIT);
    const [info] = await sandbox.json<{ pid: number; state: string }[]>("inspect", "web");
    expect(info).toMatchObject({ pid, state: "running" });
  }

  /** Wait for an event about an object since a moment. */
  async function expectTold(type: string, object: string, since: string): Promise<void> {
    await vi.waitFor(async () => {
      const { stdout } = await sandbox.netctl(
        "events",
        "--json",
        "--since",
        since,
        "--until",
        new Date().toISOString(),
      );
      const events =
        stdout.trim() === ""
          ? []
          : stdout
              .trim()
              .split("\n")
              .map((line) => JSON.parse(line) as EventInfo);
      expect(events.map(({ type: told, attributes }) => `${told} ${attributes?.object}`)).toContain(
        `${type} ${object}`,
      );
    }, LIMIT);
  }

  test("nothing is amiss to begin with, and a look costs no event", async () => {
    await expectHealed();
  });

  test.each([
    ["ip link delete br0", "bridge br0"],
    ["ip link set br0 down", "bridge br0"],
    ["ip link set br0 mtu 1280", "bridge br0"],
    ["ip address flush dev br0", "bridge br0"],
    ["ip link set HOSTIF nomaster", "veth HOSTIF"],
    ["ip link set HOSTIF down", "veth HOSTIF"],
    ["ip link delete HOSTIF", "veth HOSTIF"],
    ["nft flush ruleset", "table inet netd"],
    ["nft delete chain inet netd forward", "table inet netd"],
    ["sysctl -qw net.ipv4.ip_forward=0", "sysctl net/ipv4/ip_forward"],
  ])("%s is undone, told, and the container goes on", async (text, object) => {
    const since = new Date().toISOString();
    await strangerDoes("sh", "-c", text.replace("HOSTIF", hostInterface));
    await expectTold("drift.healed", object.replace("HOSTIF", hostInterface), since);
    await expectHealed();
  });

  test("nft flush ruleset in a loop is outlasted, at a rate that lets netd answer", async () => {
    const since = new Date().toISOString();
    await strangerDoes("sh", "-c", "for i in $(seq 60); do nft flush ruleset; sleep 0.1; done");
    await expectTold("drift.contested", "table inet netd", since);
    await expectHealed();
  });

  test("a stranger's port and address on our bridge are told of and left alone", async () => {
    const since = new Date().toISOString();
    await strangerDoes("ip", "link", "add", "stranger", "master", "br0", "type", "veth", "peer", "name", "strangerb");
    await strangerDoes("ip", "address", "add", "10.99.0.1/24", "dev", "br0");
    await expectTold("drift.found", "veth stranger", since);
    await expectTold("drift.found", "address 10.99.0.1/24", since);
    expect(await api<DriftItem[]>("POST", "/v1/drift/heal")).toMatchObject([
      { kind: "foreign", object: "veth stranger", network: "default", commands: [] },
      { kind: "foreign", object: "address 10.99.0.1/24", commands: [] },
    ]);
    expect(await link("stranger")).toMatchObject({ master: "br0" });
    await strangerDoes("ip", "link", "delete", "stranger");
    await strangerDoes("ip", "address", "delete", "10.99.0.1/24", "dev", "br0");
    await expectHealed();
  });

  test("what was changed inside a container's namespace is found when asked for, and mended", async () => {
    await strangerDoes("ip", "-n", "web", "route", "delete", "default");
    const found = await api<DriftItem[]>("GET", "/v1/drift");
    expect(found).toMatchObject([
      {
        ...{ kind: "missing", object: "route default in web", container: "web" },
        commands: [expect.stringContaining("ip -n web route replace default via 172.16.0.1 dev eth0")],
      },
    ]);
    expect(await api<DriftItem[]>("POST", "/v1/drift/heal")).toEqual([]);
    await expectHealed();
  });

  test("the MTU of the way out is followed, on the bridge and inside", async () => {
    await strangerDoes("ip", "link", "set", "up0", "mtu", "1400");
    await vi.waitFor(async () => {
      expect(await link("br0")).toMatchObject({ mtu: 1400 });
      expect(await link(hostInterface)).toMatchObject({ mtu: 1400 });
      const { stdout } = await sandbox.run("ip", "-n", "web", "-json", "link", "show", "eth0");
      expect(JSON.parse(stdout)).toMatchObject([{ mtu: 1400 }]);
    }, LIMIT);
    await strangerDoes("ip", "link", "set", "up0", "mtu", "1500");
    await vi.waitFor(async () => expect(await link("br0")).toMatchObject({ mtu: 1500 }), LIMIT);
    await expectHealed();
  });

  test("the way out may go, come back, and be renamed", async () => {
    await strangerDoes("ip", "link", "set", "up0", "down");
    await strangerDoes("ip", "link", "set", "up0", "name", "wan9");
    await strangerDoes("ip", "link", "set", "wan9", "up");
    await strangerDoes("ip", "route", "add", "default", "via", "198.51.100.1");
    await expectHealed();
    await strangerDoes("sh", "-c", "ip link set wan9 down; ip link set wan9 name up0; ip link set up0 up");
    await strangerDoes("ip", "route", "add", "default", "via", "198.51.100.1");
    await expectHealed();
  });

  test("doctor tells of routes that take our addresses elsewhere, rules of others that drop, and what is left over", async () => {
    const findings = async (): Promise<string[]> =>
      (await api<DoctorFinding[]>("GET", "/v1/doctor"))
        .filter(({ level }) => level !== "ok")
        .map(({ level, text }) => `${level}: ${text}`);
    expect(await findings()).toEqual([]);

    const since = new Date().toISOString();
    await strangerDoes("ip", "route", "add", "172.16.0.128/25", "via", "198.51.100.1");
    await expectTold("drift.found", "route 172.16.0.128/25 via 198.51.100.1 dev up0", since);
    const { instance } = await sandbox.json<{ instance: string }>("info");
    await strangerDoes("ip", "link", "add", "vegone", "type", "veth", "peer", "name", "vegoneb");
    await strangerDoes("ip", "link", "set", "vegone", "alias", `netd:${instance}:${"ab".repeat(32)}`);
    await strangerDoes(
      "sh",
      "-c",
      "nft add table ip other; nft 'add chain ip other f { type filter hook forward priority 0; policy drop; }'",
    );
    expect(await findings()).toEqual(
      expect.arrayContaining([
        "warning: A stranger's route 172.16.0.128/25 via 198.51.100.1 dev up0: it takes addresses of 172.16.0.0/24 elsewhere",
        "warning: veth vegone is left of a container that is gone",
        expect.stringMatching(/^problem: another firewall drops connections to the outside of network default/),
      ]),
    );
    await api<DoctorFinding[]>("POST", "/v1/doctor/repair");
    expect(await link("vegone")).toBeUndefined();
    expect((await sandbox.run("nft", "list", "table", "ip", "other")).exitCode).toBe(0);
    await strangerDoes("ip", "route", "delete", "172.16.0.128/25");
    await strangerDoes("nft", "delete", "table", "ip", "other");
    expect(await findings()).toEqual([]);
  });
});

test("netctl doctor names who listens on port 53 in the place of netd's resolver", async () => {
  await using sandbox = await TestSandbox.create();
  await sandbox.ok("net", "create", "lab", "--subnet", "10.77.0.0/24");
  const { pid, dns } = await sandbox.json<DaemonInfo>("info");
  const kill = `kill -9 ${pid} ${dns.pid}; while [ -d /proc/${pid} ] || [ -d /proc/${dns.pid} ]; do sleep 0.01; done`;
  await sandbox.sh(kill);
  await using stranger = sandbox.start(process.execPath, "-e", LISTEN);
  await stranger.see(/up/);
  await sandbox.startNetd();
  const findings = await useApi<DoctorFinding[]>(sandbox, "GET", "/v1/doctor");
  expect(findings.filter(({ level }) => level === "problem").map(({ text }) => text)).toEqual([
    expect.stringMatching(
      /^Nobody of netd's answers names in network lab, on 10\.77\.0\.1 port 53: '[^']+' \(pid \d+\) listens on 10\.77\.0\.1$/,
    ),
  ]);
});
