import { describe, expect, test } from "vitest";
import { applySteps, probeAddress } from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

const MAC = "02:42:ac:10:00:02";
const WAIT_MS = 5000;

/** A host with a bridge and a neighbour behind it, who has an address of each family. */
class Neighbourhood implements AsyncDisposable {
  readonly host = TestNetns.create();
  readonly guest = TestNetns.create();

  constructor() {
    const [host, guest] = [this.host.name, this.guest.name];
    applySteps([
      { op: "link.addBridge", netns: host, name: "br0", mac: "02:42:ac:10:00:01", up: true },
      {
        ...{ op: "link.addVeth", netns: host, host: "ve1", bridge: "br0", up: true },
        ...{ peer: "eth0", peerNetns: guest, peerMac: MAC },
      },
      { op: "address.add", netns: guest, link: "eth0", address: "172.16.0.2/24" },
      { op: "address.add", netns: guest, link: "eth0", address: "2001:db8::2/64", nodad: true },
      { op: "link.set", netns: guest, name: "eth0", up: true },
      // Waits until the port forwards.
      {
        ...{ op: "arp.announce", netns: guest, link: "eth0", address: "172.16.0.2", mac: MAC },
        ...{ port: "ve1", portNetns: host },
      },
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    await this.guest[Symbol.asyncDispose]();
  }
}

describe("probeAddress", () => {
  test.each(["172.16.0.2", "2001:db8::2"])(
    "probeAddress finds who has %s, and nobody notes who asked",
    async (address) => {
      await using lan = new Neighbourhood();
      expect(await probeAddress("br0", address, { netns: lan.host.name, waitMs: WAIT_MS })).toBe(MAC);
      const noted = lan.guest.json<{ dst: string }[]>("ip", "-json", "neighbour", "show", "dev", "eth0");
      expect(noted.filter(({ dst }) => !dst.startsWith("fe80"))).toEqual([]);
    },
  );

  test.each(["172.16.0.3", "2001:db8::3"])("probeAddress finds nobody who has %s", async (address) => {
    await using lan = new Neighbourhood();
    expect(await probeAddress("br0", address, { netns: lan.host.name, waitMs: 50 })).toBeUndefined();
  });

  test("probeAddress finds an address though the bridge has no IPv6 itself", async () => {
    await using lan = new Neighbourhood();
    lan.host.run("sysctl", "-qw", "net/ipv6/conf/br0/disable_ipv6=1");
    expect(await probeAddress("br0", "2001:db8::2", { netns: lan.host.name, waitMs: WAIT_MS })).toBe(MAC);
  });

  test("probeAddress refuses a link that is not there or is down", async () => {
    await using lan = new Neighbourhood();
    const { name: netns } = lan.host;
    await expect(probeAddress("br9", "172.16.0.2", { netns })).rejects.toMatchObject({ errno: 19 });
    lan.host.run("ip", "link", "set", "br0", "down");
    await expect(probeAddress("br0", "172.16.0.2", { netns })).rejects.toMatchObject({ errno: 100 });
  });
});
