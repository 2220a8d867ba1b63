import { expect, test } from "vitest";
import { applySteps, BRIDGE_MAX_PORTS, listNeighbourTables, RtnetlinkSocket } from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

test("link.addVeth tells in words that a bridge has all the ports it can have, and leaves no pair", async () => {
  await using host = TestNetns.create();
  await using guest = TestNetns.create();
  const ports = Array.from(
    { length: BRIDGE_MAX_PORTS },
    (_, at) => `link add p${at} numtxqueues 1 numrxqueues 1 master br0 type ifb`,
  );
  host.command(["ip", "-batch", "-"], { input: ["link add br0 type bridge", ...ports].join("\n") });
  const before = host.json("ip", "-json", "link").length;
  expect(() =>
    applySteps([
      { op: "link.addVeth", netns: host.name, host: "ve0", bridge: "br0", peer: "eth0", peerNetns: guest.name },
    ]),
  ).toThrow(expect.objectContaining({ code: "BRIDGE_FULL", message: expect.stringContaining("1023 ports") }));
  expect(host.json("ip", "-json", "link")).toHaveLength(before);
  expect(guest.json("ip", "-json", "link")).toHaveLength(1);
  host.run("ip", "link", "delete", "p0");
  applySteps([
    { op: "link.addVeth", netns: host.name, host: "ve0", bridge: "br0", peer: "eth0", peerNetns: guest.name },
  ]);
  expect(host.json("ip", "-json", "link", "show", "ve0")).toMatchObject([{ master: "br0" }]);
});

test("listNeighbourTables tells the limits that ip ntable tells", async () => {
  await using netns = TestNetns.create();
  using socket = RtnetlinkSocket.open(netns.name);
  const said = netns.run("ip", "ntable", "show", "name", "arp_cache");
  expect(listNeighbourTables(socket)).toContainEqual({
    name: "arp_cache",
    limit: Number(/thresh3 (\d+)/.exec(said)?.[1]),
  });
});
