import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

/** Address of the sandbox's host on its uplink, one beyond it, and the namespace there. */
const HOST = "198.51.100.2";
const OUTSIDE = "198.51.100.1";
const INTERNET = ["nsenter", "--net=/run/netns/internet", "--"] as const;
/** A rule of somebody else. */
const STRANGER = "-A INPUT -s 203.0.113.9/32 -j DROP";
const SERVER = 'mkdir -p /w && echo "You reached $(hostname)" > /w/index.html && exec busybox httpd -f -p 80 -h /w';

describe.each(["iptables", "iptables-legacy"])("netd --firewall %s", (backend) => {
  const tool = backend === "iptables" ? "iptables-nft" : backend;
  let sandbox: TestSandbox;

  beforeAll(async () => {
    sandbox = await TestSandbox.create({ netdArgs: ["--firewall", backend] });
    await sandbox.run(tool, ...STRANGER.split(" "));
  });

  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]();
  });

  async function output(command: string, ...argv: string[]): Promise<string> {
    return (await sandbox.run(command, ...argv)).stdout;
  }

  async function get(from: readonly string[], address: string, port: number): Promise<string> {
    const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 5 busybox nc ${address} ${port}`;
    const [command = "sh", ...args] = [...from, "sh", "-c", ask];
    return (await output(command, ...args)).trim().split("\n").at(-1) ?? "";
  }

  const inside = (name: string): string[] => ["nsenter", `--net=/run/netns/${name}`, "--"];

  async function addressOf(name: string): Promise<string> {
    return (await sandbox.json<[NetworkedInfo]>("inspect", name))[0].endpoint.address;
  }

  async function pings(name: string, address: string): Promise<boolean> {
    return (await sandbox.run(...(inside(name) as [string]), "busybox", "ping", "-c1", "-W2", address)).exitCode === 0;
  }

  test("publishes, masquerades and keeps networks apart, by chains of its own and no table", async () => {
    await sandbox.ok("net", "create", "lab");
    await sandbox.ok("run", "-d", "--name", "web", "-p", "0.0.0.0:8080:80", "busybox", "sh", "-c", SERVER);
    await sandbox.ok("run", "-d", "--name", "far", "--network", "lab", "busybox", "sleep", "1d");
    await expect.poll(() => get(INTERNET, HOST, 8080), { timeout: 20_000 }).toContain("You reached");
    expect(await get([], "127.0.0.1", 8080)).toContain("You reached");
    expect(await get(inside("far"), HOST, 8080)).toContain("You reached");
    expect([await pings("web", OUTSIDE), await pings("far", await addressOf("web"))]).toEqual([true, false]);
    expect(await output("nft", "list", "tables")).not.toContain("table inet netd");
    const rules = await output(`${tool}-save`);
    expect(rules).toContain("-A NETD-POSTROUTING -s 172.16.0.0/24 -j MASQUERADE");
    expect(rules).toContain("-A NETD-FORWARD -i br0 -g NETD-BRIDGES");
    expect(await sandbox.json("drift")).toEqual([]);
    expect(await output("netctl", "doctor")).not.toContain("NETD-");
    expect(await sandbox.ok("publish", "web", "8081:80", "--show")).toContain(`${tool}-restore --noflush`);
  });

  test("puts back what a stranger flushed", async () => {
    expect((await sandbox.run(tool, "-t", "nat", "-F", "NETD-PUBLISH")).exitCode).toBe(0);
    await sandbox.ok("drift", "--heal");
    expect(await get(INTERNET, HOST, 8080)).toContain("You reached");
  });

  test("gives way to tables of nft, comes back, and leaves a stranger's rules alone", async () => {
    await sandbox.kill("netd");
    await sandbox.startNetd();
    expect(await output(`${tool}-save`)).not.toContain("NETD");
    expect(await output("nft", "list", "tables")).toContain("table inet netd");
    expect(await get(INTERNET, HOST, 8080)).toContain("You reached");
    await sandbox.kill("netd");
    await sandbox.startNetd("--firewall", backend);
    expect(await output("nft", "list", "tables")).not.toContain("table inet netd");
    expect(await get(INTERNET, HOST, 8080)).toContain("You reached");
    expect(await output(`${tool}-save`)).toContain(STRANGER);
  });

  test("leaves no chain of its own after a teardown", async () => {
    expect((await sandbox.run("netd", "--teardown")).exitCode).toBe(0);
    const left = (await output(`${tool}-save`)) + (await output(`ip6${tool.slice(2)}-save`));
    expect(left).not.toContain("NETD");
    expect(left).toContain(STRANGER);
  });
});
