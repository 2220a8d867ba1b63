import { describe, expect, test, vi } from "vitest";
import { applySteps, findRate, type NetworkStep, RtnetlinkSocket } from "../../../../src/kernel/index.ts";
import { LiveProgram } from "../../../support/live-program.ts";
import { runCommand, TestNetns } from "../../../support/netns.ts";

const LIMIT = { timeout: 30_000, interval: 20 };

/** Two namespaces, joined by a veth pair: `ve1` of the host and `eth0` of the guest. */
class Pair implements AsyncDisposable {
  readonly host = TestNetns.create();
  readonly guest = TestNetns.create();

  constructor() {
    const [host, guest] = [this.host.name, this.guest.name];
    applySteps([
      { op: "link.addVeth", netns: host, host: "ve1", peer: "eth0", peerNetns: guest },
      { op: "address.add", netns: host, link: "ve1", address: "172.16.0.1/24" },
      { op: "link.set", netns: host, name: "ve1", up: true },
      { op: "address.add", netns: guest, link: "eth0", address: "172.16.0.2/24" },
      { op: "link.set", netns: guest, name: "eth0", up: true },
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    await this.guest[Symbol.asyncDispose]();
  }
}

function startNode(netns: TestNetns, script: string): LiveProgram {
  return LiveProgram.start([process.execPath, "-e", script], {
    env: { PATH: process.env["PATH"] },
    enter: ["nsenter", `--net=${netns.path}`],
  });
}

/** Send bytes over TCP; how long it took until the other end had all, in seconds. */
async function transfer(from: TestNetns, to: { netns: TestNetns; address: string }, bytes: number): Promise<number> {
  await using server = startNode(
    to.netns,
    `require("node:net").createServer((socket) => {
       let left = ${bytes};
       socket.on("data", (data) => { if ((left -= data.length) <= 0) socket.end("all"); });
     }).listen(5000, () => console.log("ready"));`,
  );
  await server.see(/ready/);
  await using client = startNode(
    from,
    `const begin = process.hrtime.bigint();
     const socket = require("node:net").connect(5000, ${JSON.stringify(to.address)}, () => socket.write(Buffer.alloc(${bytes})));
     socket.on("data", () => console.log("took", Number(process.hrtime.bigint() - begin) / 1e9, "s"));`,
  );
  const [, seconds] = await client.see(/took (\S+) s/);
  return Number(seconds);
}

/** The queues of a link, with what became of packets there. */
function queues(netns: TestNetns, link: string): Record<string, number>[] {
  return JSON.parse(
    runCommand(["nsenter", `--net=${netns.path}`, "tc", "-s", "-json", "qdisc", "show", "dev", link]),
  ) as Record<string, number>[];
}

const MEGABYTE = 1_000_000;

describe("rate.set", () => {
  // A busy machine makes it slower, and nothing makes it quicker: a second and a burst less is the least that it can take.
  test("rate.set holds what leaves a link to its rate, and nothing is lost for TCP", async () => {
    await using pair = new Pair();
    applySteps([{ op: "rate.set", netns: pair.host.name, link: "ve1", bitsPerSecond: 8 * MEGABYTE }]);
    const to = { netns: pair.guest, address: "172.16.0.2" };
    expect(await transfer(pair.host, to, MEGABYTE)).toBeGreaterThan(0.9);
    expect(queues(pair.host, "ve1")[0]).toMatchObject({ kind: "tbf", overlimits: expect.any(Number) });
    expect(queues(pair.host, "ve1")[0]?.["overlimits"]).toBeGreaterThan(0);
  });

  test("rate.set of an ifb holds what arrives by the link that is redirected to it", async () => {
    await using pair = new Pair();
    const netns = pair.host.name;
    applySteps([
      { op: "link.addIfb", netns, name: "if1", up: true },
      { op: "rate.set", netns, link: "if1", bitsPerSecond: 8 * MEGABYTE },
      { op: "ingress.redirect", netns, link: "ve1", to: "if1" },
    ]);
    const to = { netns: pair.host, address: "172.16.0.1" };
    expect(await transfer(pair.guest, to, MEGABYTE)).toBeGreaterThan(0.9);
    expect(queues(pair.host, "if1")[0]?.["overlimits"]).toBeGreaterThan(0);
    // Both ways are free again afterwards.
    applySteps([
      { op: "ingress.delete", netns, link: "ve1" },
      { op: "link.delete", netns, name: "if1" },
    ]);
    await transfer(pair.guest, to, MEGABYTE);
  });

  test("rate.set changes a rate without losing what waits", async () => {
    await using pair = new Pair();
    const [first, then] = [8_000, 1_000_000_000].map(
      (bitsPerSecond): NetworkStep => ({ op: "rate.set", netns: pair.host.name, link: "ve1", bitsPerSecond }),
    ) as [NetworkStep, NetworkStep];
    applySteps([first]);
    await using server = startNode(
      pair.guest,
      `let count = 0;
       const socket = require("node:dgram").createSocket("udp4");
       socket.on("message", () => console.log("got", ++count));
       socket.bind(5000, () => console.log("ready"));`,
    );
    await server.see(/ready/);
    pair.host.run(
      process.execPath,
      "-e",
      `const socket = require("node:dgram").createSocket("udp4");
       socket.bind(0, () => {
         let left = 40;
         for (let n = 0; n < 40; n++) socket.send(Buffer.alloc(1000), 5000, "172.16.0.2", () => { if (--left === 0) socket.close(); });
       });`,
    );
    expect(server.stdout).not.toContain("got 40");
    applySteps([then]);
    await vi.waitFor(() => expect(server.stdout).toContain("got 40\n"), LIMIT);
    expect(queues(pair.host, "ve1")[0]).toMatchObject({ drops: 0 });
    using socket = RtnetlinkSocket.open(pair.host.name);
    const [link] = pair.host.json<{ ifindex: number }[]>("ip", "-json", "link", "show", "ve1");
    expect(findRate(socket, link?.ifindex ?? 0)).toBe(125_000_000);
  });
});
