import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Capture } from "../support/capture.ts";
import { must } from "../support/foreign-host.ts";
import {
  arpFrame,
  BROADCAST,
  icmpFrame,
  neighbourAdvertisementFrame,
  routerAdvertisementFrame,
  sendFrames,
  synFrame,
  udpFrame,
} from "../support/frames.ts";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

/** A MAC and addresses that nobody was given. */
const NOBODY = "02:42:de:ad:be:ef";
const NOBODY_V4 = "172.16.0.77";
const ROUTER_V6 = "fe80::bad";
const PREFIX = "2001:db8:bad::";

interface Place {
  mac: string;
  address: string;
  hostInterface: string;
}

let sandbox: TestSandbox;
let a: Place;
let b: Place;
let gateway: Pick<Place, "mac" | "address">;

async function startIdle(name: string): Promise<Place> {
  await sandbox.ok("run", "-d", "--name", name, "busybox", "sleep", "10000");
  const [{ endpoint }] = await sandbox.json<[NetworkedInfo]>("inspect", name);
  return endpoint as Place;
}

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  a = await startIdle("a");
  b = await startIdle("b");
  const [link] = JSON.parse(await must(sandbox, "ip -json link show br0")) as [{ address: string }];
  gateway = { mac: link.address, address: "172.16.0.1" };
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

/** From a to b, as it ought to be. */
const honest = () => ({ fromMac: a.mac, toMac: b.mac, from: a.address, to: b.address });
/** A datagram that must come through, sent last: what it follows has come, too, if it ever does. */
const marker = () => udpFrame(honest(), { to: 9999 });
const MARKER = /\.9999: UDP/;

/** A gateway and the head of the packet that it is for (RFC 792, redirect). */
const redirected = () => Buffer.concat([Buffer.of(172, 16, 0, 77), udpFrame(honest(), { to: 80 }).subarray(14)]);

/** Frames that no container may send, and how tcpdump prints each. */
const FORGED: [string, () => Buffer, RegExp][] = [
  ["a MAC of nobody", () => udpFrame({ ...honest(), fromMac: NOBODY }, { to: 661 }), /\.661: /],
  ["the MAC of a neighbour", () => udpFrame({ ...honest(), fromMac: b.mac, toMac: BROADCAST }, { to: 662 }), /\.662: /],
  ["the MAC of the bridge", () => udpFrame({ ...honest(), fromMac: gateway.mac }, { to: 663 }), /\.663: /],
  ["an address of nobody", () => udpFrame({ ...honest(), from: NOBODY_V4 }, { to: 664 }), /\.664: /],
  ["the address of the gateway", () => udpFrame({ ...honest(), from: gateway.address }, { to: 665 }), /\.665: /],
  ["an address of the internet", () => udpFrame({ ...honest(), from: "203.0.113.53" }, { to: 666 }), /\.666: /],
  ["no address", () => udpFrame({ ...honest(), from: "0.0.0.0", toMac: BROADCAST }, { to: 667 }), /\.667: /],
  [
    "ARP for the gateway's address",
    () => arpFrame("reply", { ...honest(), from: gateway.address, toMac: BROADCAST }),
    /Reply 172\.16\.0\.1 is-at/,
  ],
  [
    "ARP with another's MAC inside",
    () => arpFrame("reply", { ...honest(), senderMac: NOBODY }),
    /is-at 02:42:de:ad:be:ef/,
  ],
  [
    "ARP that asks under a neighbour's address",
    () => arpFrame("request", { ...honest(), from: NOBODY_V4, toMac: BROADCAST }),
    /tell 172\.16\.0\.77/,
  ],
  ["a redirect", () => icmpFrame(honest(), 5, 1, redirected()), /redirect/],
  ["answers of a DHCP server", () => udpFrame({ ...honest(), toMac: BROADCAST }, { from: 67, to: 68 }), /\.67 > /],
  ["a router advertisement", () => routerAdvertisementFrame(a.mac, ROUTER_V6, PREFIX), /router advertisement/],
  [
    "a neighbour advertisement",
    () =>
      neighbourAdvertisementFrame(
        { fromMac: a.mac, toMac: "33:33:00:00:00:01", from: ROUTER_V6, to: "ff02::1" },
        "fd00:bad::1",
        a.mac,
      ),
    /neighbor advertisement/,
  ],
];

describe("a container that forges frames", () => {
  test.each(FORGED)("is not heard with %s", async (_, forge, pattern) => {
    await using sent = await Capture.start(sandbox, { link: a.hostInterface });
    await using heard = await Capture.start(sandbox, { netns: "b", link: "eth0" });
    await using bridged = await Capture.start(sandbox, { link: "br0" });
    await sendFrames(sandbox, { netns: "a", link: "eth0" }, [
      forge(),
      udpFrame({ ...honest(), toMac: gateway.mac, to: gateway.address }, { to: 9998 }),
      marker(),
    ]);
    expect(await sent.until(MARKER)).toMatch(pattern);
    expect(await heard.until(MARKER)).not.toMatch(pattern);
    expect(await bridged.until(/\.9998: UDP/)).not.toMatch(pattern);
  });

  test("does not disturb its neighbours, and sends none of its forged packets to the internet", async () => {
    await using outside = await Capture.start(sandbox, { netns: "internet", link: "down0" });
    const outward = { fromMac: a.mac, toMac: gateway.mac, to: "203.0.113.80" };
    await sendFrames(sandbox, { netns: "a", link: "eth0" }, [
      ...FORGED.map(([, forge]) => forge()),
      udpFrame({ ...outward, from: NOBODY_V4 }, { to: 668 }),
      udpFrame({ ...outward, from: "198.51.100.2" }, { to: 669 }),
      udpFrame({ ...outward, from: a.address }, { to: 9999 }),
    ]);
    expect(await outside.until(MARKER)).not.toMatch(/\.66[89]: /);
    await sandbox.ok("exec", "b", "ping", "-c", "2", "-q", "203.0.113.80");
    await sandbox.ok("exec", "b", "ping", "-c", "2", "-q", "a");
    const neighbours = await must(sandbox, "ip neigh show dev br0; ip -n b neigh");
    expect(neighbours).not.toContain(NOBODY);
    expect(neighbours).not.toContain(NOBODY_V4);
  });
});

describe("a stranger on the bridge", () => {
  test("gives nobody an address or a route by router advertisements", async () => {
    await must(
      sandbox,
      `ip netns add rogue
       ip link add rogue0 type veth peer name eth0 netns rogue
       ip link set rogue0 master br0 up
       ip -n rogue link set eth0 up`,
    );
    await using heard = await Capture.start(sandbox, { link: "br0" });
    await sendFrames(sandbox, { netns: "rogue", link: "eth0" }, [routerAdvertisementFrame(NOBODY, ROUTER_V6, PREFIX)]);
    await heard.until(/router advertisement/);
    // The kernel works on it at once: it is done when a ping after it was answered.
    await must(sandbox, `busybox ping -c 1 -W 10 -q ${b.address}`);
    const found = await must(
      sandbox,
      `for where in '' '-n a' '-n b'; do ip $where -6 address; ip $where -6 route; done; ip netns delete rogue`,
    );
    expect(found).not.toContain("2001:db8:bad:");
    expect(found).not.toContain(ROUTER_V6);
  });
});

describe("a neighbour of the host", () => {
  beforeAll(async () => {
    await must(sandbox, "ip -n internet route add 172.16.0.0/24 via 198.51.100.2");
  });

  /** From the neighbour to the host's own MAC. */
  async function ends(from: string, to: string) {
    const macs = await must(
      sandbox,
      "cat /sys/class/net/up0/address; nsenter --net=/run/netns/internet ip -json link show down0",
    );
    const [toMac = "", ...json] = macs.split("\n");
    const [{ address: fromMac }] = JSON.parse(json.join("")) as [{ address: string }];
    return { fromMac, toMac, from, to };
  }

  /** What a capture saw of frames that came from outside, once they were all worked on. */
  async function seenInside(frames: readonly Buffer[], link: { netns?: string; link: string }): Promise<string> {
    await using capture = await Capture.start(sandbox, link);
    await sendFrames(sandbox, { netns: "internet", link: "down0" }, frames);
    await must(
      sandbox,
      `nsenter --net=/run/netns/internet busybox ping -c 1 -W 10 -q 198.51.100.2
       busybox ping -c 1 -W 10 -q -s 77 ${b.address}`,
    );
    return await capture.until(/echo request.* length 85/);
  }

  test("does not reach a container by its address, under whatever address of its own", async () => {
    const sources = ["198.51.100.1", "203.0.113.80", a.address, gateway.address, "127.0.0.1"];
    const frames = await Promise.all(sources.map(async (from, at) => synFrame(await ends(from, b.address), 700 + at)));
    const seen = await seenInside(frames, { netns: "b", link: "eth0" });
    expect(seen).not.toMatch(/\.70\d: /);
  });

  test("does not reach the name server of a network", async () => {
    const query = Buffer.from("1234010000010000000000000162000001000100", "hex").toString("latin1");
    await using answers = await Capture.start(sandbox, { netns: "internet", link: "down0" });
    const frame = udpFrame(await ends("198.51.100.1", gateway.address), { to: 53 }, query);
    await sendFrames(sandbox, { netns: "internet", link: "down0" }, [frame]);
    await must(sandbox, "dig +time=5 +tries=1 @172.16.0.1 b >/dev/null");
    await must(sandbox, "nsenter --net=/run/netns/internet busybox ping -c 1 -W 10 -q -s 78 198.51.100.2");
    expect(await answers.until(/echo reply.* length 86/)).not.toMatch(/172\.16\.0\.1\.53 > |172\.16\.0\.1 > 198/);
  });
});
