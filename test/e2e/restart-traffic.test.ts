import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NetworkInfo } from "../../src/api/index.ts";
import type { LiveProgram } from "../support/live-program.ts";
import { TestSandbox } from "../support/sandbox.ts";

const INTERNET = "203.0.113.80";
/** Round trips that each ping is let make before and after something happens to it. */
const ENOUGH = 10;

/** The command that asks for a page and prints its only line. */
function get(address: string, port: number): string {
  return `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 10 busybox nc ${address} ${port} | tail -n 1 | grep .`;
}

/** Answers are counted, and what is lost. */
class Ping implements AsyncDisposable {
  readonly #program: LiveProgram;

  constructor(sandbox: TestSandbox, netns: string, address: string) {
    const ping = `ip netns exec ${netns} busybox ping -i 0.1 ${address}`;
    this.#program = sandbox.start("sh", "-c", `${ping} & read end; kill -INT $!; wait`);
  }

  /** Wait for so many further answers. */
  async seeAnswers(count = ENOUGH): Promise<void> {
    for (let seen = 0; seen < count; seen++) await this.#program.see(/ seq=\d+ .*\n/);
  }

  /** End it, and tell what it has counted; one that was under way at its end is not lost. */
  async end(): Promise<{ sent: number; lost: number }> {
    await this.seeAnswers(1);
    this.#program.type("end\n");
    await this.#program.see(/packets transmitted/);
    const answered = [...this.#program.stdout.matchAll(/ seq=(\d+) /g)].map(([, seq]) => Number(seq));
    const sent = Math.max(...answered) + 1;
    return { sent, lost: sent - new Set(answered).size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

describe("traffic of containers in two networks, of both families, and to a published port", () => {
  let sandbox: TestSandbox;
  let addressOfB: { v4: string; v6: string; second: string };

  beforeAll(async () => {
    sandbox = await TestSandbox.create();
    await must("netctl net create lab --subnet 10.71.0.0/24 --ipv6 && netctl net create second --subnet 10.72.0.0/24");
    const web = "mkdir /www && echo fine > /www/index.html && exec httpd -f -p 80 -h /www";
    for (const name of ["a", "b"]) {
      const port = name === "b" ? "-p 0.0.0.0:8080:80" : "";
      await must(`netctl run -d --name ${name} --network lab --network second ${port} busybox sh -c '${web}'`);
    }
    const addresses = JSON.parse((await must("ip -n b -json address")).stdout) as {
      addr_info: { local: string; scope: string }[];
    }[];
    const held = addresses.flatMap(({ addr_info }) => addr_info).filter(({ scope }) => scope === "global");
    const find = (start: string): string => held.find(({ local }) => local.startsWith(start))?.local ?? "";
    addressOfB = { v4: find("10.71."), v6: find("fd"), second: find("10.72.") };
  });

  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]();
  });

  /** Run lines of sh in the sandbox's host. */
  async function must(script: string): Promise<{ stdout: string }> {
    const { stdout, stderr, exitCode } = await sandbox.sh(script);
    if (exitCode !== 0) throw new Error(`${script}: ${exitCode} ${stderr}${stdout}`);
    return { stdout };
  }

  /** What witnesses tell of links, addresses, routes and rules. */
  async function kernelState(): Promise<string> {
    const inside = ["a", "b"].map((name) => `ip -n ${name} -json address; ip -n ${name} -json route`).join("; ");
    const host = "ip -json link; ip -json address; ip -json route; ip -6 -json route; nft -j -s list ruleset";
    const { stdout } = await must(`${host}; ${inside}`);
    // That the kernel has made sure of its own link-local addresses meanwhile is no difference.
    return stdout.replaceAll('"tentative":true,', "");
  }

  test("netd, killed and started again, costs none of their packets and changes nothing in the kernel", async () => {
    const { v4, v6, second } = addressOfB;
    await using lab = new Ping(sandbox, "a", v4);
    await using lab6 = new Ping(sandbox, "a", v6);
    await using other = new Ping(sandbox, "a", second);
    await using outside = new Ping(sandbox, "a", INTERNET);
    // Connections are opened from outside all the time; each must be answered.
    const loop = `while [ ! -e /run/enough ]; do ${get("198.51.100.2", 8080)} || echo failed; done`;
    await using fetches = sandbox.start("ip", "netns", "exec", "internet", "sh", "-c", loop);
    const pings = [lab, lab6, other, outside];
    await Promise.all(pings.map((ping) => ping.seeAnswers()));
    await fetches.see(/fine/);
    const before = await kernelState();
    for (const signal of ["KILL", "TERM", "KILL"]) {
      const { pid } = await sandbox.json<{ pid: number }>("info");
      await must(`kill -${signal} ${pid}; while [ -d /proc/${pid} ]; do sleep 0.01; done`);
      await Promise.all(pings.map((ping) => ping.seeAnswers(3)));
      await sandbox.startNetd();
    }
    await Promise.all(pings.map((ping) => ping.seeAnswers()));
    await fetches.see(/fine/);
    expect(await kernelState()).toBe(before);
    await must("touch /run/enough");
    for (const ping of pings) expect(await ping.end()).toMatchObject({ lost: 0 });
    await fetches.exitCode();
    expect(new Set(fetches.stdout.trim().split("\n"))).toEqual(new Set(["fine"]));
  });

  test("rules that a stranger flushes again and again are back each time: neighbours lose nothing, the way out the least part", async () => {
    await using neighbour = new Ping(sandbox, "a", addressOfB.v4);
    await using outside = new Ping(sandbox, "a", INTERNET);
    await outside.seeAnswers();
    for (const flush of ["nft flush ruleset", "iptables -F", "nft flush ruleset", "iptables -F; nft flush ruleset"]) {
      await must(flush);
      await outside.seeAnswers(30);
    }
    expect(await neighbour.end()).toMatchObject({ lost: 0 });
    const { sent, lost } = await outside.end();
    expect(sent).toBeGreaterThan(120);
    expect(lost).toBeLessThan(sent / 2);
  });

  test("the default route moves to another link: what goes out has that link's address, and published ports answer there", async () => {
    await must(`
      ip link add up1 type veth peer name down1 netns internet
      ip address add 192.0.2.2/24 dev up1 && ip link set up1 up
      ip -n internet address add 192.0.2.1/24 dev down1 && ip -n internet link set down1 up`);
    await using outside = new Ping(sandbox, "a", INTERNET);
    await outside.seeAnswers();
    for (const [to, from] of [
      ["192.0.2.1", "192.0.2.2"],
      ["198.51.100.1", "198.51.100.2"],
    ]) {
      await must(`ip route replace default via ${to}`);
      await outside.seeAnswers();
      expect((await must(`ip netns exec a sh -c "${get(INTERNET, 80)}"`)).stdout).toContain(`You come from ${from}`);
      expect((await must(`ip netns exec internet sh -c "${get(from ?? "", 8080)}"`)).stdout).toBe("fine\n");
    }
    await must("ip link delete up1");
    expect((await sandbox.json<NetworkInfo[]>("net", "ls")).length).toBe(3);
  });
});
