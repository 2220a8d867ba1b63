import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { FirewallAcl, FirewallAllow, FirewallEndpoint } from "../../../../src/firewall/index.ts";
import { KernelSession, withNetns } from "../../../../src/kernel/index.ts";
import { FIREWALL_BACKENDS, Firewall, isInOrder } from "../../../../src/netd/firewall/index.ts";
import { testContainer, testEndpoint, testNetwork } from "../../../support/firewall-model.ts";
import { udpFrame } from "../../../support/frames.ts";
import { TestNetns } from "../../../support/netns.ts";

/** A host with two bridges by hand, a neighbour on its uplink, and namespaces that play containers: two on one bridge, one on the other. */
const NAMES = ["host", "lan", "c1", "c2", "d1"] as const;
type Name = (typeof NAMES)[number];
const LAB = testNetwork("lab", 1);
const DMZ = testNetwork("dmz", 2);
const SEND_FRAMES = resolve(import.meta.dirname, "../../../support/send-frames.py");
const HOST = "192.0.2.2";
const LAN = "192.0.2.9";

describe.each(FIREWALL_BACKENDS)("the rules on a real kernel, by %s,", (backend) => {
  let places: Record<Name, TestNetns>;
  let session: KernelSession;
  let firewall: Firewall;
  const endpoints: Record<"c1" | "c2" | "d1", FirewallEndpoint> = {
    c1: testEndpoint("c1", LAB, 2),
    c2: testEndpoint("c2", LAB, 3),
    d1: testEndpoint("d1", DMZ, 2),
  };

  beforeAll(() => {
    places = Object.fromEntries(NAMES.map((name) => [name, TestNetns.create()])) as Record<Name, TestNetns>;
    for (const name of NAMES) places[name].run("ip", "link", "set", "lo", "up");
    const { host, lan } = places;
    sh("host", `ip link add up0 type veth peer name eth0 netns ${lan.name}`);
    sh(
      "host",
      `ip addr add ${HOST}/24 dev up0; ip link set up0 up; sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`,
    );
    sh("lan", `ip addr add ${LAN}/24 dev eth0; ip link set eth0 up; ip route add 172.16.0.0/16 via ${HOST}`);
    // Frames between ports of a bridge are the bridge family's alone: with br_netfilter the other table would see them as well.
    sh("host", "for f in /proc/sys/net/bridge/bridge-nf-call-*; do if [ -e $f ]; then echo 0 > $f; fi; done");
    for (const { bridge, gateway, gateway6 } of [LAB, DMZ]) {
      sh(
        "host",
        `ip link add ${bridge} type bridge; ip addr add ${gateway}/24 dev ${bridge}; ip link set ${bridge} up`,
      );
      sh("host", `ip addr add ${gateway6}/64 dev ${bridge} nodad`);
    }
    withNetns(host.name, () => {
      session = new KernelSession();
      firewall = new Firewall({ session, journal: () => {}, backend });
      firewall.load({ networks: [LAB, DMZ], allows: [], acls: [] }, []);
    });
    for (const [name, endpoint] of Object.entries(endpoints)) {
      put(endpoint);
      const { network, hostInterface, mac, address, address6 } = endpoint;
      const { bridge, gateway } = network === "lab" ? LAB : DMZ;
      const inside = places[name as Name];
      sh("host", `ip link add ${hostInterface} type veth peer name eth0 address ${mac} netns ${inside.name}`);
      sh("host", `ip link set ${hostInterface} master ${bridge} up`);
      sh(
        name as Name,
        `ip addr add ${address}/24 dev eth0; ip addr add ${address6}/64 dev eth0 nodad; ip link set eth0 up`,
      );
      sh(name as Name, `ip route add default via ${gateway}`);
    }
  });

  afterAll(async () => {
    session[Symbol.dispose]();
    for (const place of Object.values(places)) await place[Symbol.asyncDispose]();
  });

  function sh(name: Name, script: string): string {
    return places[name].run("sh", "-ec", script);
  }

  function put(endpoint: FirewallEndpoint, ...ports: string[]): void {
    withNetns(places.host.name, () => firewall.setContainer(endpoint.containerId, testContainer(endpoint, ...ports)));
  }

  function setPolicy(allows: FirewallAllow[], acls: FirewallAcl[]): void {
    withNetns(places.host.name, () => firewall.setNetworks([LAB, DMZ], allows, acls));
  }

  /** Whether somebody hears the answer to one echo request. */
  function pings(from: Name, address: string, ...options: string[]): boolean {
    const command = ["busybox", address.includes(":") ? "ping6" : "ping", "-c", "1", "-W", "2", ...options, address];
    try {
      places[from].run(...(command as [string, ...string[]]));
      return true;
    } catch {
      return false;
    }
  }

  /** What a server says to one who connects. */
  function hears(from: Name, address: string, port: number): string {
    return places[from]
      .run("sh", "-c", `timeout 5 busybox nc ${address} ${port} < /dev/null 2> /dev/null || true`)
      .trim();
  }

  const of = (name: "c1" | "c2" | "d1"): string => endpoints[name].address ?? "";

  test("let neighbours, the host and what is outside be reached", () => {
    expect([pings("c1", of("c2")), pings("c1", endpoints.c2.address6 ?? "")]).toEqual([true, true]);
    expect([pings("c1", LAN), pings("host", of("c1")), pings("c1", "172.16.1.1")]).toEqual([true, true, true]);
  });

  test("keep networks apart, and let one open connections to the other where that is allowed, not back", () => {
    expect([pings("c1", of("d1")), pings("d1", of("c1"))]).toEqual([false, false]);
    setPolicy([{ from: "dmz", to: "lab" }], []);
    expect([pings("c1", of("d1")), pings("d1", of("c1"))]).toEqual([false, true]);
    setPolicy([], []);
  });

  test("let nobody in from outside who knows the way", () => {
    expect(pings("lan", of("c1"))).toBe(false);
  });

  test("ask access rules first, between neighbours too", () => {
    setPolicy([], [{ name: "x", action: "deny", from: "container:c1", to: "container:c2", protocol: "icmp" }]);
    expect([pings("c1", of("c2")), pings("c2", of("c1"))]).toEqual([false, true]);
    setPolicy([], []);
  });

  test("let a container with egress none open nothing, and answer", () => {
    put({ ...endpoints.c2, egress: "none" });
    expect([of("c1"), LAN, "172.16.1.1"].map((address) => pings("c2", address))).toEqual([false, false, false]);
    expect([pings("c1", of("c2")), pings("host", of("c2"))]).toEqual([true, true]);
  });

  test("let a container with egress internal reach its network and the gateway only", () => {
    put({ ...endpoints.c2, egress: "internal" });
    expect([of("c1"), "172.16.1.1", LAN, HOST].map((address) => pings("c2", address))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    put(endpoints.c2);
  });

  test("drop frames with an honest MAC and another's source address, over IPv4", async () => {
    const counters = "udp dport 661 counter; udp dport 662 counter";
    sh("c1", `nft 'table ip probe { chain input { type filter hook prerouting priority 0; ${counters}; }; }'`);
    const ends = { fromMac: endpoints.c2.mac, toMac: endpoints.c1.mac, to: of("c1") };
    const forged = ["172.16.1.99", "172.16.1.1", of("d1"), "0.0.0.0", LAN].map((from) =>
      udpFrame({ ...ends, from }, { to: 661 }),
    );
    // The honest one comes last: when it is there, so are those before it that ever come.
    const frames = [...forged, udpFrame({ ...ends, from: of("c2") }, { to: 662 })];
    places.c2.command(["/usr/bin/python3", SEND_FRAMES, "eth0"], {
      input: frames.map((frame) => `${frame.toString("hex")}\n`).join(""),
    });
    const counted = () => [...sh("c1", "nft list table ip probe").matchAll(/packets (\d+)/g)].map(([, n]) => Number(n));
    await vi.waitFor(() => expect(counted()[1]).toBe(1), { timeout: 20_000 });
    expect(counted()).toEqual([0, 1]);
    sh("c1", "nft delete table ip probe");
  });

  test("let nobody use another address or MAC, in IPv4, IPv6 or ARP", () => {
    sh("c2", "ip addr add 172.16.1.99/24 dev eth0; ip addr add fd00:0:0:1::99/64 dev eth0 nodad");
    expect(pings("c2", of("c1"), "-I", "172.16.1.99")).toBe(false);
    expect(pings("c2", endpoints.c1.address6 ?? "", "-I", "fd00:0:0:1::99")).toBe(false);
    const gatewayMac = sh("c1", "ip neigh show 172.16.1.1");
    sh("c2", "ip addr add 172.16.1.1/32 dev eth0; busybox arping -q -U -c 2 -I eth0 -s 172.16.1.1 172.16.1.1 || true");
    expect(pings("c1", "172.16.1.1")).toBe(true);
    expect(sh("c1", "ip neigh show 172.16.1.1").split(" ")[4]).toBe(gatewayMac.split(" ")[4]);
    sh("c2", "ip addr del 172.16.1.1/32 dev eth0; ip link set eth0 address 02:42:ac:10:01:77");
    expect(pings("c2", of("c1"))).toBe(false);
  });

  test("lead to a published port from outside, from a neighbour and from the container itself", async () => {
    put(endpoints.d1, "0.0.0.0:8080:80");
    const enter = `--net=${places.d1.path}`;
    const server = spawn("nsenter", [enter, "busybox", "nc", "-ll", "-p", "80", "-e", "echo", "hello"]);
    const ended = once(server, "close");
    await expect.poll(() => hears("d1", of("d1"), 80), { timeout: 20_000 }).toBe("hello");
    for (const from of ["host", "lan", "c1", "d1"] as const) expect(hears(from, HOST, 8080), from).toBe("hello");
    put(endpoints.d1);
    expect(hears("lan", HOST, 8080)).toBe("");
    server.kill();
    await ended;
  });

  test("are in order, and put back when a stranger flushed them", () => {
    withNetns(places.host.name, () => {
      expect(firewall.inspect()).toEqual({ gone: [], changed: [], missing: [], foreign: [] });
      if (backend === "nft") places.host.run("nft", "flush", "chain", "inet", "netd", "ours");
      else places.host.run(backend === "iptables" ? "iptables-nft" : backend, "-F");
      expect(isInOrder(firewall.heal())).toBe(false);
      expect(isInOrder(firewall.inspect())).toBe(true);
    });
    expect([pings("c1", of("d1")), pings("c1", LAN), pings("lan", of("c1"))]).toEqual([false, true, false]);
  });
});
