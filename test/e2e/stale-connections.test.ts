import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Capture } from "../support/capture.ts";
import { must } from "../support/foreign-host.ts";
import type { LiveProgram } from "../support/live-program.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { flow } from "../support/talk.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("net", "create", "lab", "--subnet", "10.61.0.0/24", "--subnet6", "fd00:61::/64");
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

/** Have one datagram of a certain length sent now. */
async function send(sender: LiveProgram, length: number): Promise<void> {
  const line = "x".repeat(length - 1);
  sender.type(`${line}\n`);
  await sender.see(new RegExp(`did ${line}\n`));
}

const capture = async (netns: string) => await Capture.start(sandbox, { netns, link: "eth0" });
const FLOW = /UDP, length \d\b/;

describe.each([
  ["IPv4", "198.51.100.2", "0.0.0.0"],
  ["IPv6", "2001:db8:100::2", "[::]"],
])("datagrams that one socket sends each 100 ms to a published port over %s", (_, host, published) => {
  const port = `${published}:9000:9000/udp`;
  let sender: LiveProgram;

  beforeAll(async () => {
    for (const name of ["one", "two"]) {
      await sandbox.ok("run", "-d", "--name", name, "--network", "lab", "busybox", "sleep", "10000");
    }
    await sandbox.ok("publish", "one", port);
    sender = flow(sandbox, "internet", host, 9000);
  });
  afterAll(async () => {
    await sender[Symbol.asyncDispose]();
    await sandbox.ok("rm", "-f", "one", "two");
  });

  test("reach the container again from its start on, though some were sent while it was stopped", async () => {
    {
      await using heard = await capture("one");
      await heard.until(FLOW);
    }
    await sandbox.ok("restart", "-t", "0", "one");
    {
      await using heard = await capture("one");
      await send(sender, 101);
      await heard.until(/UDP, length 101/);
    }
    await sandbox.ok("stop", "-t", "0", "one");
    await send(sender, 102);
    await sandbox.ok("start", "one");
    await using heard = await capture("one");
    await send(sender, 103);
    await heard.until(/UDP, length 103/);
  });

  test("go to another container as soon as the port leads there", async () => {
    await using one = await capture("one");
    await using two = await capture("two");
    await one.until(FLOW);
    await sandbox.ok("unpublish", "one", port);
    await send(sender, 104);
    await sandbox.ok("publish", "two", port);
    await send(sender, 105);
    await two.until(/UDP, length 105/);
    await sandbox.ok("rm", "-f", "two");
    await send(sender, 106);
    await sandbox.ok("publish", "one", port);
    await send(sender, 107);
    expect(await one.until(/UDP, length 107/)).not.toMatch(/UDP, length 10[456]/);
  });

  test("reach it again once its rules were put back, though the flow began while there were none", async () => {
    await using heard = await capture("one");
    await must(sandbox, "nft flush ruleset");
    await using late = flow(sandbox, "internet", host, 9000);
    await send(late, 108);
    await sandbox.ok("drift", "--heal");
    await send(late, 109);
    await heard.until(/UDP, length 109/);
  });
});

describe("an address that comes to another MAC", () => {
  test.each([
    ["IPv4", ["--ip", "10.61.0.9"], "10.61.0.9"],
    ["IPv6", ["--ip6", "fd00:61::9"], "fd00:61::9"],
  ])("is reached by the first packet of neighbours and host, over %s", async (family, at, address) => {
    const ping = family === "IPv4" ? "ping" : "ping6";
    const asks = `${ping} -c 1 -W 10 -q ${address}`;
    const start = async (mac: string) =>
      await sandbox.ok(
        "run",
        "-d",
        "--name",
        "reused",
        "--network",
        "lab",
        ...at,
        "--mac-address",
        mac,
        "busybox",
        "sleep",
        "10000",
      );
    await sandbox.ok("run", "-d", "--name", "pinger", "--network", "lab", "busybox", ping, "-i", "0.05", "-q", address);
    await start("02:42:00:00:00:0a");
    await must(sandbox, `netctl exec pinger ${asks}; busybox ${asks}`);
    for (const mac of ["02:42:00:00:00:0b", "02:42:00:00:00:0c"]) {
      await sandbox.ok("rm", "-f", "reused");
      await start(mac);
      await must(sandbox, `netctl exec pinger ${asks}; busybox ${asks}`);
      expect(await must(sandbox, `ip neigh show ${address}; ip -n pinger neigh show ${address}`)).toMatch(
        new RegExp(`lladdr ${mac}[^]*lladdr ${mac}`),
      );
    }
    await sandbox.ok("rm", "-f", "reused", "pinger");
  });
});
