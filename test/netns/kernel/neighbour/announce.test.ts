import { describe, expect, test, vi } from "vitest";
import { applySteps } from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

const MAC = "02:42:ac:10:00:02";

describe("na.announce", () => {
  test("na.announce changes what a neighbour has in mind of the address", async () => {
    await using host = TestNetns.create();
    await using guest = TestNetns.create();
    applySteps([
      { op: "link.addVeth", netns: host.name, host: "ve1", peer: "eth0", peerNetns: guest.name, peerMac: MAC },
      { op: "address.add", netns: host.name, link: "ve1", address: "2001:db8::1/64", nodad: true },
      { op: "link.set", netns: host.name, name: "ve1", up: true },
      { op: "address.add", netns: guest.name, link: "eth0", address: "2001:db8::2/64", nodad: true },
      { op: "link.set", netns: guest.name, name: "eth0", up: true },
    ]);
    host.run("ip", "neighbour", "add", "2001:db8::2", "lladdr", "02:42:ac:10:00:99", "dev", "ve1", "nud", "stale");
    applySteps([
      {
        op: "na.announce",
        netns: guest.name,
        link: "eth0",
        address: "2001:db8::2",
        mac: MAC,
        port: "ve1",
        portNetns: host.name,
      },
    ]);
    await vi.waitFor(
      () => expect(host.json("ip", "-json", "-6", "neighbour", "show", "2001:db8::2")).toMatchObject([{ lladdr: MAC }]),
      { timeout: 10_000 },
    );
  });
});
