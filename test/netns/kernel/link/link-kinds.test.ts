import { describe, expect, test } from "vitest";
import { applySteps, hasLinkKind, missingLinkKind, RtnetlinkSocket } from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

const KINDS = ["bridge", "dummy", "ifb", "ipvlan", "macvlan", "vlan", "vxlan", "wireguard"] as const;

describe("hasLinkKind", () => {
  test.each(KINDS)("hasLinkKind of %s agrees with what ip can add, and adds nothing", async (kind) => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    const answer = hasLinkKind(socket, kind);
    expect(netns.json("ip", "-json", "link")).toHaveLength(1);
    expect(answer).toBe(!ipRefuses(netns, kind));
    expect(missingLinkKind(kind)).toMatchObject({
      code: "KERNEL_FEATURE_MISSING",
      message: expect.stringMatching(/: this kernel has none, CONFIG_[A-Z0-9_]+ wanted$/),
    });
  });
});

describe("link.addMacvlan", () => {
  test("link.addMacvlan leaves nothing when its name is taken", async () => {
    await using host = TestNetns.create();
    await using guest = TestNetns.create();
    host.run("ip", "link", "add", "br0", "type", "bridge");
    guest.run("ip", "link", "add", "eth0", "type", "bridge");
    expect(() =>
      applySteps([
        {
          ...{ op: "link.addMacvlan", netns: host.name, parent: "br0", name: "eth0", peerNetns: guest.name },
          ...{ mac: "02:42:ac:10:00:05", mode: "bridge" },
        },
      ]),
    ).toThrow(/EEXIST/);
    expect(guest.json<{ ifname: string }[]>("ip", "-json", "link").map(({ ifname }) => ifname)).toEqual(["lo", "eth0"]);
    expect(host.json("ip", "-json", "link")).toHaveLength(2);
  });
});

/** Whether `ip` is told that the kernel does not know the kind; for want of details it is told something else. */
function ipRefuses(netns: TestNetns, kind: string): boolean {
  try {
    netns.run("ip", "link", "add", "x0", "type", kind, ...(kind === "vlan" || kind === "vxlan" ? ["id", "5"] : []));
    return false;
  } catch (error) {
    return /Unknown device type/.test(String(error));
  }
}
