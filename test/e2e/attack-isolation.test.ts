import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Capture } from "../support/capture.ts";
import { must } from "../support/foreign-host.ts";
import {
  icmp6Frame,
  neighbourAdvertisementFrame,
  routerAdvertisementFrame,
  sendFrames,
  udpFrame,
} from "../support/frames.ts";
import { TestSandbox } from "../support/sandbox.ts";

interface Lease {
  address: string;
  mac: string;
  container: string;
}

let sandbox: TestSandbox;
/** Addresses and MAC of each container. */
const places = new Map<string, { mac: string; v4: string; v6: string }>();

const at = (name: string) => places.get(name) ?? { mac: "", v4: "", v6: "" };
const run = async (name: string, ...command: string[]) =>
  (await sandbox.netctl("exec", name, ...command)).exitCode === 0;
const ping = (from: string, to: string) => run(from, "ping", "-c", "1", "-W", "2", "-q", to);
const linkMac = async (link: string) => (await must(sandbox, `cat /sys/class/net/${link}/address`)).trim();

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("net", "create", "--bridge", "brone", "--subnet6", "auto", "one");
  await sandbox.ok("net", "create", "--bridge", "brtwo", "--subnet6", "auto", "two");
  await sandbox.ok("net", "create", "--bridge", "brvault", "--internal", "--subnet6", "auto", "vault");
  await sandbox.ok("net", "create", "--bridge", "bralone", "--isolated", "--subnet6", "auto", "alone");
  for (const name of ["one-a", "one-b", "two-a", "vault-a", "vault-b", "alone-a", "alone-b"]) {
    const network = name.split("-")[0] ?? "";
    await sandbox.ok("run", "-d", "--name", name, "--network", network, "busybox", "httpd", "-f", "-p", "80");
  }
  for (const { address, mac, container } of await sandbox.json<Lease[]>("ls")) {
    const place = places.get(container) ?? { mac, v4: "", v6: "" };
    places.set(container, { ...place, [address.includes(":") ? "v6" : "v4"]: address });
  }
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

describe("two networks", () => {
  test("reach their own members and the internet, over IPv4 and IPv6", async () => {
    expect(await ping("one-a", at("one-b").v4)).toBe(true);
    expect(await ping("one-a", at("one-b").v6)).toBe(true);
    expect(await ping("two-a", "203.0.113.80")).toBe(true);
    expect(await ping("two-a", "2001:db8:113::80")).toBe(true);
  });

  test("do not reach each other, over IPv4, IPv6 or by frames to the gateway", async () => {
    expect(await ping("two-a", at("one-a").v4)).toBe(false);
    expect(await ping("two-a", at("one-a").v6)).toBe(false);
    expect(await ping("one-a", at("two-a").v4)).toBe(false);
    await using heard = await Capture.start(sandbox, { netns: "one-a", link: "eth0" });
    const { mac, v4 } = at("two-a");
    const ends = { fromMac: mac, toMac: await linkMac("brtwo"), from: v4, to: at("one-a").v4 };
    // The last one only proves that the host has worked on all before it.
    await sendFrames(sandbox, { netns: "two-a", link: "eth0" }, [
      udpFrame(ends, { to: 661 }),
      udpFrame({ ...ends, from: at("one-b").v4 }, { to: 662 }),
      udpFrame({ ...ends, toMac: await linkMac("brone") }, { to: 663 }),
    ]);
    expect(await ping("two-a", "203.0.113.80")).toBe(true);
    await must(sandbox, `busybox ping -c 1 -W 10 -q -s 77 ${at("one-a").v4}`);
    expect(await heard.until(/echo request.* length 85/)).not.toMatch(/\.66\d: /);
  });
});

describe("a container that forges IPv6", () => {
  test.each([
    [
      "router advertisements",
      () => routerAdvertisementFrame(at("one-a").mac, "fe80::bad", "2001:db8:bad::"),
      /router advertisement/,
    ],
    [
      "neighbour advertisements for the address of a neighbour",
      () => {
        const { mac } = at("one-a");
        const ends = { fromMac: mac, toMac: "33:33:00:00:00:01", from: at("one-a").v6, to: "ff02::1" };
        return neighbourAdvertisementFrame(ends, at("one-b").v6, mac);
      },
      /> ff02::1: ICMP6, neighbor advertisement/,
    ],
    [
      "neighbour advertisements with the MAC of nobody",
      () => {
        const { mac } = at("one-a");
        const ends = { fromMac: mac, toMac: "33:33:00:00:00:01", from: at("one-a").v6, to: "ff02::1" };
        return neighbourAdvertisementFrame(ends, at("one-a").v6, "02:42:de:ad:be:ef");
      },
      /> ff02::1: ICMP6, neighbor advertisement/,
    ],
    [
      "the address of a neighbour",
      () => {
        const ends = { fromMac: at("one-a").mac, toMac: at("one-b").mac, from: "2001:db8:bad::1", to: at("one-b").v6 };
        return icmp6Frame(ends, 128, Buffer.from("00010001", "hex"));
      },
      /2001:db8:bad::1 > /,
    ],
  ])("is not heard with %s", async (_, forge, pattern) => {
    const from = (await sandbox.json<[{ endpoint: { hostInterface: string } }]>("inspect", "one-a"))[0].endpoint;
    await using sent = await Capture.start(sandbox, { link: from.hostInterface });
    await using heard = await Capture.start(sandbox, { netns: "one-b", link: "eth0" });
    const honest = { fromMac: at("one-a").mac, toMac: at("one-b").mac, from: at("one-a").v4, to: at("one-b").v4 };
    await sendFrames(sandbox, { netns: "one-a", link: "eth0" }, [forge(), udpFrame(honest, { to: 9999 })]);
    expect(await sent.until(/\.9999: UDP/)).toMatch(pattern);
    expect(await heard.until(/\.9999: UDP/)).not.toMatch(pattern);
  });
});

describe("an internal network", () => {
  test("reaches its own members, and nothing else", async () => {
    expect(await ping("vault-a", "vault-b")).toBe(true);
    expect(await ping("vault-a", at("vault-b").v6)).toBe(true);
    expect(await ping("vault-a", "203.0.113.80")).toBe(false);
    expect(await ping("vault-a", at("one-a").v4)).toBe(false);
    expect(await ping("one-a", at("vault-a").v4)).toBe(false);
  });

  test("sends no packet by the uplink, whatever its containers send to the gateway", async () => {
    await using outside = await Capture.start(sandbox, { netns: "internet", link: "down0" });
    const { mac, v4 } = at("vault-a");
    const ends = { fromMac: mac, toMac: await linkMac("brvault"), from: v4, to: "203.0.113.80" };
    await sendFrames(sandbox, { netns: "vault-a", link: "eth0" }, [
      udpFrame(ends, { to: 661 }),
      udpFrame({ ...ends, to: "198.51.100.1" }, { to: 662 }),
      udpFrame({ ...ends, to: at("two-a").v4 }, { to: 663 }),
    ]);
    expect(await ping("vault-a", "vault-b")).toBe(true);
    await must(sandbox, "busybox ping -c 1 -W 10 -q -s 77 203.0.113.80");
    expect(await outside.until(/echo request.* length 85/)).not.toMatch(/\.66\d: /);
  });
});

describe("the name server of an internal network", () => {
  test("answers local names, and asks nobody about others", async () => {
    await using outside = await Capture.start(sandbox, { netns: "internet", link: "down0" });
    expect(await run("vault-a", "nslookup", "vault-b")).toBe(true);
    expect(await run("vault-a", "nslookup", "www.example.net")).toBe(false);
    await must(sandbox, "busybox ping -c 1 -W 10 -q -s 77 203.0.113.80");
    expect(await outside.until(/echo request.* length 85/)).not.toMatch(/\.53: |example/);
  });
});

describe("an isolated network", () => {
  test("lets its containers reach host and internet, and not each other", async () => {
    expect(await ping("alone-a", "203.0.113.80")).toBe(true);
    expect(await ping("alone-a", "2001:db8:113::80")).toBe(true);
    expect(await ping("alone-a", at("alone-b").v4)).toBe(false);
    expect(await ping("alone-a", at("alone-b").v6)).toBe(false);
    expect(await run("alone-a", "timeout", "2", "wget", "-qO-", `http://${at("alone-b").v4}/`)).toBe(false);
  });
});

describe("a way out that takes less", () => {
  test("is told to both ends of a connection, and large transfers pass", async () => {
    await must(
      sandbox,
      `ip link set up0 mtu 1400
       mkdir /run/large && head -c 3000000 /dev/zero > /run/large/file
       nsenter --net=/run/netns/internet busybox httpd -p 198.51.100.1:8000 -h /run/large`,
    );
    await using outside = await Capture.start(sandbox, { netns: "internet", link: "down0" });
    expect(await run("one-a", "timeout", "30", "wget", "-q", "-O", "/dev/null", "http://198.51.100.1:8000/file")).toBe(
      true,
    );
    expect(await outside.until(/Flags \[S\].*mss \d+/)).toMatch(/mss 1360/);
  });
});

describe.each([
  ["rp_filter 1", "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 > $f; done"],
  ["rp_filter 2", "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 2 > $f; done"],
  ["no IPv6", "for f in all default lo up0; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done"],
  ["forwarding that others had on", "echo 1 > /proc/sys/net/ipv4/conf/all/forwarding"],
])("a host with %s", (_, prepare) => {
  test("has containers that reach each other and the internet", async () => {
    await using host = await TestSandbox.create({ withoutNetd: true });
    await must(host, prepare);
    await host.startNetd();
    for (const name of ["a", "b"]) await host.ok("run", "-d", "--name", name, "busybox", "sleep", "10000");
    await host.ok("exec", "a", "ping", "-c", "1", "-W", "10", "-q", "b");
    await host.ok("exec", "a", "wget", "-qO-", "http://www.example.net/");
    await must(host, "netd --teardown");
  });
});
