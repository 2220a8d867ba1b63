import { describe, expect, test } from "vitest";
import {
  type ConntrackMatch,
  deleteConntrack,
  deleteConntrackElsewhere,
  withNetns,
} from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

/** A host with addresses on its loopback, which tracks what goes out and translates it. */
function trackingHost(): TestNetns {
  const netns = TestNetns.create();
  netns.run("ip", "link", "set", "lo", "up");
  for (const address of ["198.51.100.1/32", "172.16.0.2/32", "172.16.0.3/32"])
    netns.run("ip", "address", "add", address, "dev", "lo");
  for (const address of ["2001:db8::2/128", "2001:db8::3/128"])
    netns.run("ip", "address", "add", address, "dev", "lo", "nodad");
  netns.command(["nft", "-f", "-"], {
    input: `table inet t {
      chain out { type nat hook output priority -100; ip daddr 198.51.100.1 udp dport 5300 dnat ip to 172.16.0.2:53; }
      chain in { type filter hook input priority 0; ct state new accept; }
      chain post { type nat hook postrouting priority 100; ip saddr 172.16.0.3 udp dport 9999 snat to 198.51.100.1; }
    }`,
  });
  return netns;
}

/** Send a datagram that nobody hears. */
function send(netns: TestNetns, from: string, to: string, port: number): void {
  const script = `const socket = require("node:dgram").createSocket(process.argv[1].includes(":") ? "udp6" : "udp4");
    socket.bind(0, process.argv[1], () => socket.send("x", Number(process.argv[3]), process.argv[2], () => socket.close()));`;
  netns.run(process.execPath, "-e", script, from, to, String(port));
}

/** What is tracked: source, destination and port of the first packet. */
function tracked(netns: TestNetns): string[] {
  return netns
    .run("cat", "/proc/net/nf_conntrack")
    .split("\n")
    .flatMap((line) => {
      const [, from, to, port] = /src=(\S+) dst=(\S+) sport=\d+ dport=(\d+)/.exec(line) ?? [];
      return from === undefined ? [] : [`${short(from)} > ${short(to ?? "")} ${port}`];
    })
    .sort();
}

/** `2001:0db8:0000:…:0002` as people write it. */
function short(address: string): string {
  return address.replace(/:0000(:0000)+/, ":").replace(/(^|:)0+(?=.)/g, "$1");
}

const WAYS = { deleteConntrack, deleteConntrackElsewhere };

describe.each(["deleteConntrack", "deleteConntrackElsewhere"] as const)("%s", (way) => {
  // Whatever it needs of the namespace, it takes before it lets go of the thread.
  const deleteIn = async (netns: TestNetns, ...matches: ConntrackMatch[]): Promise<void> =>
    await withNetns(netns.name, () => WAYS[way](matches));

  test(`${way} deletes the entries of an address, whichever end it is, before or behind NAT, and no others`, async () => {
    await using netns = trackingHost();
    send(netns, "172.16.0.2", "127.0.0.1", 1000);
    send(netns, "127.0.0.1", "172.16.0.2", 1001);
    send(netns, "198.51.100.1", "198.51.100.1", 5300);
    send(netns, "127.0.0.1", "172.16.0.3", 1003);
    send(netns, "172.16.0.3", "127.0.0.1", 9999);
    expect(tracked(netns)).toHaveLength(5);
    await deleteIn(netns, { address: "172.16.0.2" });
    expect(tracked(netns)).toEqual(["127.0.0.1 > 172.16.0.3 1003", "172.16.0.3 > 127.0.0.1 9999"]);
    await deleteIn(netns, { address: "172.16.0.3" });
    expect(tracked(netns)).toEqual([]);
  });

  test(`${way} deletes what was sent to a port, of one address or of any`, async () => {
    await using netns = trackingHost();
    send(netns, "127.0.0.1", "172.16.0.2", 53);
    send(netns, "127.0.0.1", "172.16.0.3", 53);
    send(netns, "127.0.0.1", "172.16.0.3", 54);
    send(netns, "::1", "2001:db8::2", 53);
    const toPort = { protocol: "udp", port: 53 } as const;
    await deleteIn(netns, { ...toPort, family: "inet", protocol: "tcp" }, { ...toPort, family: "inet", port: 55 });
    expect(tracked(netns)).toHaveLength(4);
    await deleteIn(netns, { ...toPort, family: "inet", originalDestination: "172.16.0.2" });
    expect(tracked(netns)).toEqual(["127.0.0.1 > 172.16.0.3 53", "127.0.0.1 > 172.16.0.3 54", "::1 > 2001:db8::2 53"]);
    await deleteIn(netns, { ...toPort, family: "inet" });
    expect(tracked(netns)).toEqual(["127.0.0.1 > 172.16.0.3 54", "::1 > 2001:db8::2 53"]);
    await deleteIn(netns, { ...toPort, family: "inet6" });
    expect(tracked(netns)).toEqual(["127.0.0.1 > 172.16.0.3 54"]);
  });

  test(`${way} deletes what was sent to one of several ports in a row`, async () => {
    await using netns = trackingHost();
    for (const port of [52, 53, 55, 56]) send(netns, "127.0.0.1", "172.16.0.2", port);
    const toPorts = { family: "inet", port: 53, count: 3 } as const;
    await deleteIn(netns, { ...toPorts, protocol: "tcp" });
    expect(tracked(netns)).toHaveLength(4);
    await deleteIn(netns, { ...toPorts, protocol: "udp" });
    expect(tracked(netns)).toEqual(["127.0.0.1 > 172.16.0.2 52", "127.0.0.1 > 172.16.0.2 56"]);
  });

  test(`${way} deletes the entries of an IPv6 address, and does nothing where nothing is tracked`, async () => {
    await using netns = trackingHost();
    await deleteIn(netns, { address: "2001:db8::2" });
    send(netns, "2001:db8::2", "::1", 1000);
    send(netns, "2001:db8::3", "::1", 1000);
    await deleteIn(netns, { address: "2001:db8::2" });
    expect(tracked(netns)).toEqual(["2001:db8::3 > ::1 1000"]);
  });
});
