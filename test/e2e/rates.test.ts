import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
import { TestSandbox } from "../support/sandbox.ts";

interface Queue {
  kind: string;
  root?: boolean;
  options: { rate?: number };
}

const HEAL_LIMIT = { timeout: 20_000, interval: 100 };

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

/** The link of the host that leads into a container, and the ifb that belongs to it. */
async function linksOf(name: string): Promise<{ veth: string; ifb: string }> {
  const [{ id }] = await sandbox.json<[{ id: string }]>("inspect", name);
  return { veth: `ve${id.slice(0, 10)}`, ifb: `if${id.slice(0, 10)}` };
}

/** Bytes a second that a link may send; undefined when it has no limit, or is not there. */
async function rateOf(link: string): Promise<number | undefined> {
  const { stdout } = await sandbox.sh(`tc -json qdisc show dev ${link} 2>/dev/null || echo '[]'`);
  return (JSON.parse(stdout) as Queue[]).find(({ kind, root }) => kind === "tbf" && root === true)?.options.rate;
}

async function isRedirected(veth: string, ifb: string): Promise<boolean> {
  return (await sandbox.sh(`tc filter show dev ${veth} ingress`)).stdout.includes(`Redirect to device ${ifb}`);
}

async function pingsGateway(name: string): Promise<void> {
  expect(await sandbox.ok("exec", name, "ping", "-c", "1", "-W", "5", "-q", "172.16.0.1")).toContain(" 0% packet loss");
}

describe("netctl run --rate-in --rate-out", () => {
  test("holds a container to its rates from the start, changes and ends them while it runs, and leaves nothing", async () => {
    await sandbox.ok(
      ...["run", "-d", "--name", "slow", "--rate-in", "10mbit", "--rate-out", "20mbit"],
      ...["busybox", "sleep", "1000"],
    );
    const { veth, ifb } = await linksOf("slow");
    expect(await rateOf(veth)).toBe(1_250_000);
    expect(await rateOf(ifb)).toBe(2_500_000);
    expect(await isRedirected(veth, ifb)).toBe(true);
    await pingsGateway("slow");

    await sandbox.ok("update", "--rate-in", "1gbit", "--rate-out", "5mbit", "slow");
    expect([await rateOf(veth), await rateOf(ifb)]).toEqual([125_000_000, 625_000]);
    await sandbox.ok("update", "--rate-in", "0", "slow");
    expect([await rateOf(veth), await rateOf(ifb)]).toEqual([undefined, 625_000]);
    await pingsGateway("slow");

    // What was changed holds for the next start, too.
    await sandbox.ok("restart", "-t", "0", "slow");
    expect([await rateOf(veth), await rateOf(ifb)]).toEqual([undefined, 625_000]);
    await sandbox.ok("update", "--rate-out", "0", "slow");
    expect(await isRedirected(veth, ifb)).toBe(false);
    expect((await sandbox.sh("ip -oneline link show type ifb")).stdout).toBe("");
    await pingsGateway("slow");

    await sandbox.ok("update", "--rate-out", "5mbit", "slow");
    expect(await rateOf(ifb)).toBe(625_000);
    // Whatever is taken away of it is put back.
    for (const link of [ifb, veth]) {
      await sandbox.sh(`ip link delete ${link}`);
      await vi.waitFor(async () => {
        expect(await isRedirected(veth, ifb)).toBe(true);
        expect(await rateOf(ifb)).toBe(625_000);
      }, HEAL_LIMIT);
      await vi.waitFor(async () => await pingsGateway("slow"), HEAL_LIMIT);
    }
    await sandbox.ok("update", "--rate-in", "10mbit", "slow");
    await sandbox.sh(
      `tc qdisc del dev ${veth} root; tc qdisc del dev ${veth} ingress; tc qdisc replace dev ${ifb} root tbf rate 1gbit burst 1mb limit 1mb`,
    );
    const drift = await sandbox.json<{ object: string }[]>("drift");
    expect(drift.map(({ object }) => object).sort()).toEqual([`ifb ${ifb}`, `veth ${veth}`]);
    await sandbox.ok("drift", "--heal");
    expect([await rateOf(veth), await rateOf(ifb), await isRedirected(veth, ifb)]).toEqual([1_250_000, 625_000, true]);
    expect(await sandbox.json<unknown[]>("drift")).toEqual([]);
    await pingsGateway("slow");
    await sandbox.ok("rm", "-f", "slow");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
    expect((await sandbox.sh("ip -oneline link show type ifb")).stdout).toBe("");
  });

  test("prints the commands that make the limits", async () => {
    const shown = await sandbox.ok("run", "--show", "--rate-in", "10mbit", "--rate-out", "20mbit", "busybox", "true");
    expect(shown).toMatch(/^tc qdisc replace dev ve\w+ root handle 1: tbf rate 10000000bit /m);
    expect(shown).toMatch(/^tc filter add dev ve\w+ parent ffff: .* mirred egress redirect dev if\w+$/m);
    await sandbox.ok("run", "-d", "--name", "shown", "busybox", "sleep", "1000");
    const update = await sandbox.ok("update", "--show", "--rate-in", "10mbit", "shown");
    expect(update).toMatch(/^tc qdisc replace dev ve\w+ root handle 1: tbf rate 10000000bit /m);
    expect(await rateOf((await linksOf("shown")).veth)).toBeUndefined();
    await sandbox.ok("rm", "-f", "shown");
  });

  test("is refused for a container without a network of its own", async () => {
    const made = await sandbox.netctl("create", "--network", "host", "--rate-in", "10mbit", "busybox", "true");
    expect(made).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("network 'host' and --rate-in") });
    await sandbox.ok("create", "--name", "alone", "--network", "none", "busybox", "true");
    const updated = await sandbox.netctl("update", "--rate-in", "10mbit", "alone");
    expect(updated.exitCode).toBe(1);
    expect(updated.stderr).toContain("Cannot limit the rate of container 'alone'");
    await sandbox.ok("rm", "alone");
  });
});
