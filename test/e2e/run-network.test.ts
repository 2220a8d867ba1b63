import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;
let a: NetworkedInfo;
let b: NetworkedInfo;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  a = await startIdle("a");
  b = await startIdle("b");
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function startIdle(name: string, ...options: string[]): Promise<NetworkedInfo> {
  await sandbox.ok("run", "-d", "--name", name, ...options, "busybox", "sleep", "10000");
  const [info] = await sandbox.json<[NetworkedInfo]>("inspect", name);
  return info;
}

/** Run lines of sh in container a. */
const inA = (script: string) => sandbox.netctl("exec", "a", "sh", "-c", script);

const escapeDots = (text: string): string => text.replaceAll(".", "\\.");

describe("a container's network", () => {
  test("has lo and one interface, which the bridge has the other end of", async () => {
    const { stdout } = await sandbox.run("ip", "-json", "-n", "a", "-details", "address", "show");
    const [lo, eth0, ...others] = JSON.parse(stdout) as Record<string, unknown>[];
    expect(others).toEqual([]);
    expect(lo).toMatchObject({ ifname: "lo", flags: expect.arrayContaining(["UP"]) });
    expect(eth0).toMatchObject({
      ifname: "eth0",
      operstate: "UP",
      address: a.endpoint.mac,
      linkinfo: { info_kind: "veth" },
    });
    const addresses = eth0?.["addr_info"] as { family: string; local: string }[];
    expect(addresses.map(({ family, local }) => [family, local])).toEqual([["inet", a.endpoint.address]]);
    const ports = await sandbox.run("ip", "-json", "-details", "link", "show", "master", "br0");
    const hostEnds = (JSON.parse(ports.stdout) as { ifname: string; link_index: number }[]).map(({ ifname }) => ifname);
    expect(hostEnds.toSorted()).toEqual([a.endpoint.hostInterface, b.endpoint.hostInterface].toSorted());
  });

  test("reaches a neighbour by name, by address, and it back", async () => {
    expect((await inA("ping -c 2 -q b")).stdout).toContain("2 packets received");
    expect((await inA(`ping -c 1 -q ${b.endpoint.address}`)).stdout).toContain("1 packets received");
    expect((await sandbox.netctl("exec", "b", "ping", "-c", "1", "-q", "a")).exitCode).toBe(0);
    expect((await inA("ping -c 1 -q a")).exitCode).toBe(0);
  });

  test("reaches the internet by name and address, under the host's address, and the gateway", async () => {
    expect((await inA("ping -c 1 -q www.example.net")).stdout).toContain("1 packets received");
    expect((await inA("ping -c 1 -q 203.0.113.80")).stdout).toContain("1 packets received");
    expect((await inA("ping -c 1 -q 172.16.0.1")).exitCode).toBe(0);
    expect((await inA("wget -qO- http://www.example.net/")).stdout).toContain("You come from 198.51.100.2");
  });

  test("carries TCP between containers", async () => {
    await using _server = sandbox.start("netctl", "exec", "b", "sh", "-c", "cd /etc && httpd -f -p 8080");
    const { stdout } = await inA("until wget -qO- http://b:8080/hostname 2>/dev/null; do sleep 0.05; done");
    expect(stdout).toBe(`${b.hostname}\n`);
  });

  test("is not reached from the internet, though it knows the way: netd drops before connections are tracked", async () => {
    const from = ["nsenter", "--net=/run/netns/internet"] as const;
    await sandbox.run(...from, "ip", "route", "add", "172.16.0.0/24", "via", "198.51.100.2");
    // Counts what comes to netd's chain, and what is left behind it.
    const count = `ip daddr ${a.endpoint.address} counter`;
    const chain = (name: string, place: string) =>
      `chain ${name} {\n type filter hook prerouting priority raw ${place}\n ${count}\n}`;
    await sandbox.run("nft", `table inet probe {\n${chain("before", "- 1")}\n${chain("behind", "+ 1")}\n}`);
    const { exitCode, stdout } = await sandbox.run(
      ...from,
      "busybox",
      "ping",
      "-c",
      "2",
      "-W",
      "1",
      "-q",
      a.endpoint.address,
    );
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("0 packets received") });
    const probe = (await sandbox.sh("nft list table inet probe; nft delete table inet probe")).stdout;
    expect([...probe.matchAll(/counter packets (\d+)/g)].map(([, packets]) => Number(packets))).toEqual([2, 0]);
    await sandbox.run(...from, "ip", "route", "del", "172.16.0.0/24");
  });

  test("has a MAC that is its address's, and a bridge that knows it at once", async () => {
    const hex = a.endpoint.address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
    expect(a.endpoint.mac).toBe(`02:42:${hex.join(":")}`);
    expect((await inA("grep -c . /proc/net/arp")).exitCode).toBe(0);
  });
});

describe("names of containers in DNS", () => {
  test("resolve to their addresses, also with a final dot and in capitals", async () => {
    for (const name of ["b", "b.", "B"]) {
      const { stdout, exitCode } = await inA(`nslookup -type=a ${name}`);
      expect({ name, exitCode, found: stdout.includes(`Address: ${b.endpoint.address}\n`) }).toEqual({
        name,
        exitCode: 0,
        found: true,
      });
    }
    expect((await inA("nslookup -type=a a")).stdout).toContain(`Address: ${a.endpoint.address}\n`);
  });

  test("are what their addresses resolve to", async () => {
    const reverse = b.endpoint.address.split(".").toReversed().join(".");
    expect((await inA(`nslookup ${b.endpoint.address}`)).stdout).toMatch(
      new RegExp(`${escapeDots(reverse)}\\.in-addr\\.arpa\\s+name = b`),
    );
  });

  test("have no IPv6 address, which is no error", async () => {
    const { stdout, exitCode } = await inA("nslookup -type=aaaa b");
    expect({ exitCode, hasNone: !stdout.includes("NXDOMAIN") }).toEqual({ exitCode: 0, hasNone: true });
  });

  test("come and go with their containers", async () => {
    const asks = "nslookup -type=a brief 2>&1";
    expect((await inA(asks)).stdout).toContain("NXDOMAIN");
    const { endpoint } = await startIdle("brief");
    expect((await inA(asks)).stdout).toContain(`Address: ${endpoint.address}\n`);
    await sandbox.ok("stop", "-t", "0", "brief");
    expect((await inA(asks)).stdout).toContain("NXDOMAIN");
    await sandbox.ok("start", "brief");
    expect((await inA(asks)).stdout).toContain(`Address: ${endpoint.address}\n`);
    await sandbox.ok("rm", "-f", "brief");
    expect((await inA(asks)).stdout).toContain("NXDOMAIN");
  });

  test("of others are asked of the host's server", async () => {
    expect((await inA("nslookup -type=a www.example.net")).stdout).toContain("Address: 203.0.113.80\n");
    expect((await inA("nslookup -type=aaaa www.example.net")).stdout).toContain("Address: 2001:db8:113::80\n");
    expect((await inA("nslookup nobody.example.net 2>&1")).stdout).toContain("NXDOMAIN");
  });

  test("are there from the first moment of a container's life, twenty times", async () => {
    const script =
      "for i in $(seq 20); do netctl run --rm --name early busybox nslookup -type=a early >/dev/null || echo missing; done";
    expect((await sandbox.sh(script)).stdout).toBe("");
  });

  test("an address that is given again has the new name and is reached at once", async () => {
    const first = await startIdle("first");
    expect((await inA("ping -c 1 -q first")).exitCode).toBe(0);
    await sandbox.ok("rm", "-f", "first");
    await startIdle("second", "--ip", first.endpoint.address);
    expect((await inA("ping -c 1 -W 2 -q second")).exitCode).toBe(0);
    expect((await inA(`nslookup ${first.endpoint.address}`)).stdout).toContain("name = second");
    await sandbox.ok("rm", "-f", "second");
  });
});
