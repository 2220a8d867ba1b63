import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import {
  applySteps,
  KernelSession,
  type NetworkStep,
  type StepError,
  teardownSlowSteps,
  teardownSteps,
  undoSteps,
} from "../../../../src/kernel/index.ts";
import { isPinned, TestNetns } from "../../../support/netns.ts";

const BRIDGE_MAC = "02:42:ac:10:00:01";

/** A bridge in a namespace that plays the host. */
function bridgeSteps(host: TestNetns): NetworkStep[] {
  return [
    { op: "link.addBridge", netns: host.name, name: "br0", mac: BRIDGE_MAC, up: true },
    { op: "address.add", netns: host.name, link: "br0", address: "172.16.0.1/24" },
  ];
}

/** What joins a guest to the bridge, the announcement included. */
function guestSteps(host: TestNetns, guest: TestNetns, number: number): NetworkStep[] {
  const [port, address, mac] = [
    `ve${number}`,
    `172.16.0.${number}`,
    `02:42:ac:10:00:${number.toString(16).padStart(2, "0")}`,
  ];
  return [
    { op: "netns.add", name: guest.name },
    // Without IPv6 nothing but announcements comes out of it.
    { op: "sysctl.set", netns: guest.name, key: "net.ipv6.conf.default.disable_ipv6", value: "1" },
    {
      op: "link.addVeth",
      netns: host.name,
      host: port,
      bridge: "br0",
      peer: "eth0",
      peerNetns: guest.name,
      peerMac: mac,
      up: true,
    },
    { op: "address.add", netns: guest.name, link: "eth0", address: `${address}/24` },
    { op: "link.set", netns: guest.name, name: "eth0", up: true },
    { op: "arp.announce", netns: guest.name, link: "eth0", address, mac, port, portNetns: host.name },
  ];
}

/** A directory that goes away. */
function temporaryDirectory(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "netd-steps-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

describe("applySteps", () => {
  test("applySteps leaves nothing behind when the last step of a plan fails", async () => {
    await using host = TestNetns.create();
    await using guest = TestNetns.reserve();
    applySteps(bridgeSteps(host));
    const plan: NetworkStep[] = [
      ...guestSteps(host, guest, 2),
      { op: "route.add", netns: guest.name, to: "default", via: "192.0.2.1" },
    ];

    let error: StepError | undefined;
    try {
      applySteps(plan);
    } catch (caught) {
      error = caught as StepError;
    }

    expect(error).toMatchObject({ code: "KERNEL_CALL_FAILED", step: plan.at(-1), undoErrors: [] });
    expect(error?.message).toContain("ENETUNREACH");
    expect(isPinned(guest.name)).toBe(false);
    expect(linkNamesOf(host)).toEqual(["lo", "br0"]);
  });

  test("applySteps makes announcements that are heard behind the bridge, however fresh the link", async () => {
    await using host = TestNetns.create();
    await using guest = TestNetns.reserve();
    await using neighbour = TestNetns.reserve();
    applySteps([...bridgeSteps(host), ...guestSteps(host, neighbour, 3), ...guestSteps(host, guest, 2)]);
    const [down, up]: NetworkStep[] = [false, true].map((isUp) => ({
      op: "link.set",
      netns: guest.name,
      name: "eth0",
      up: isUp,
    }));
    const again = [down, up, guestSteps(host, guest, 2).at(-1)] as NetworkStep[];
    const before = received(host, "br0");
    for (let round = 0; round < 200; round++) applySteps(again);
    await vi.waitFor(() => expect(received(host, "br0") - before).toBe(200));
  });

  test("applySteps deletes a link that it added and could not finish", async () => {
    await using netns = TestNetns.create();
    const tooSmall: NetworkStep = { op: "link.addBridge", netns: netns.name, name: "br0", mac: BRIDGE_MAC, mtu: 10 };
    expect(() => applySteps([tooSmall])).toThrow(/EINVAL/);
    expect(netns.json("ip", "-json", "link")).toHaveLength(1);
  });

  test("applySteps refuses router advertisements on bridge and host end before they are up", async () => {
    await using host = TestNetns.create();
    await using guest = TestNetns.reserve();
    applySteps([...bridgeSteps(host), ...guestSteps(host, guest, 2)]);
    for (const name of ["br0", "ve2"]) expect(host.run("cat", `/proc/sys/net/ipv6/conf/${name}/accept_ra`)).toBe("0\n");
  });

  test("applySteps closes what it opened", async () => {
    await using host = TestNetns.create();
    await using guest = TestNetns.reserve();
    const open = (): number => readdirSync("/proc/self/fd").length;
    const before = open();
    const plan: NetworkStep[] = [...bridgeSteps(host), ...guestSteps(host, guest, 2).slice(0, -1)];
    const applied = applySteps([
      ...plan,
      { op: "nft.replaceTable", netns: guest.name, family: "inet", name: "t", body: "" },
    ]);
    expect(open()).toBe(before);
    undoSteps(applied);
    expect(open()).toBe(before);
  });

  test("applySteps keeps a session's sockets of the own namespace only", async () => {
    await using netns = TestNetns.create();
    using session = new KernelSession();
    session.rtnetlink();
    session.rtnetlink(netns.name);
    const open = (): number => readdirSync("/proc/self/fd").length;
    const before = open();
    applySteps([{ op: "link.set", netns: netns.name, name: "lo", up: true }], { session });
    expect(before - open()).toBe(2);
  });

  test("applySteps says which kernel parameter is missing", async () => {
    await using netns = TestNetns.create();
    const step: NetworkStep = { op: "sysctl.set", netns: netns.name, key: "net.ipv4.is_not_there", value: "1" };
    expect(() => applySteps([step])).toThrow(
      expect.objectContaining({
        code: "KERNEL_FEATURE_MISSING",
        message: expect.stringContaining("net.ipv4.is_not_there"),
      }),
    );
  });

  test("applySteps writes a file in place, and undoing brings its content and mode back", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "hosts");
    writeFileSync(path, "a long line before\n", { mode: 0o600 });
    const inode = statSync(path).ino;
    const applied = applySteps([{ op: "file.write", path, content: "short\n" }]);
    expect([readFileSync(path, "utf8"), statSync(path).ino, statSync(path).mode & 0o777]).toEqual([
      "short\n",
      inode,
      0o644,
    ]);
    expect(undoSteps(applied)).toEqual([]);
    expect([readFileSync(path, "utf8"), statSync(path).ino, statSync(path).mode & 0o777]).toEqual([
      "a long line before\n",
      inode,
      0o600,
    ]);
  });

  test("applySteps makes directories, and undoing removes only those that it made", () => {
    using directory = temporaryDirectory();
    const applied = applySteps([
      { op: "dir.make", path: join(directory.path, "a/b"), mode: 0o700 },
      { op: "file.write", path: join(directory.path, "a/b/name"), content: "x" },
    ]);
    expect(statSync(join(directory.path, "a/b")).mode & 0o777).toBe(0o700);
    expect(undoSteps(applied)).toEqual([]);
    expect(statSync(directory.path).nlink).toBe(2);
  });
});

describe("teardownSteps", () => {
  test("teardownSteps finds nothing to complain of where nothing is left", async () => {
    await using netns = TestNetns.create();
    const gone = "netdtest-none";
    expect(
      teardownSteps([
        { op: "link.delete", netns: netns.name, name: "br0" },
        { op: "address.delete", netns: netns.name, link: "lo", address: "10.0.0.1/8" },
        { op: "route.delete", netns: netns.name, to: "default" },
        { op: "nft.deleteTable", netns: netns.name, family: "inet", name: "netd" },
        { op: "link.delete", netns: gone, name: "eth0" },
        { op: "nft.deleteTable", netns: gone, family: "inet", name: "netd" },
        { op: "netns.delete", name: gone },
        { op: "cgroup.delete", path: "/netdtest-none" },
      ]),
    ).toEqual([]);
  });

  test("teardownSteps takes a guest down, whichever end goes first", async () => {
    await using host = TestNetns.create();
    await using guest = TestNetns.reserve();
    applySteps([...bridgeSteps(host), ...guestSteps(host, guest, 2)]);
    expect(
      teardownSteps([
        { op: "netns.delete", name: guest.name },
        { op: "link.delete", netns: host.name, name: "ve2" },
      ]),
    ).toEqual([]);
    expect(linkNamesOf(host)).toEqual(["lo", "br0"]);
  });
});

describe("teardownSlowSteps", () => {
  test("teardownSlowSteps deletes links of several plans at once, and finds nothing to complain of where nothing is left", async () => {
    await using host = TestNetns.create();
    await using guest = TestNetns.reserve();
    applySteps([...bridgeSteps(host), ...guestSteps(host, guest, 2)]);
    host.run("ip", "link", "add", "ve3", "type", "veth", "peer", "name", "eth3");
    using session = new KernelSession();
    const steps = (name: string): NetworkStep[] => [
      { op: "link.delete", netns: host.name, name },
      { op: "link.delete", netns: host.name, name: "none" },
      { op: "link.delete", netns: "netdtest-none", name: "eth0" },
    ];
    const failures = ["ve2", "ve3", "br0"].map(async (name) => await teardownSlowSteps(steps(name), { session }));
    // Others use the session meanwhile.
    applySteps([{ op: "link.set", netns: host.name, name: "lo", up: true }], { session });
    expect(await Promise.all(failures)).toEqual([[], [], []]);
    expect(linkNamesOf(host)).toEqual(["lo"]);
  });

  test("teardownSlowSteps tells what the kernel refuses, and goes on", async () => {
    await using host = TestNetns.create();
    applySteps(bridgeSteps(host));
    const failures = await teardownSlowSteps([
      { op: "link.delete", netns: host.name, name: "lo" },
      { op: "link.delete", netns: host.name, name: "br0" },
    ]);
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/Cannot delete link 'lo' \(RTM_DELLINK\): ENOTSUP/),
    ]);
    expect(linkNamesOf(host)).toEqual(["lo"]);
  });
});

function linkNamesOf(netns: TestNetns): string[] {
  return netns.json<{ ifname: string }[]>("ip", "-json", "link").map(({ ifname }) => ifname);
}

/** ARP frames and the like that a link has received. */
function received(netns: TestNetns, link: string): number {
  const [{ stats64 }] = netns.json<[{ stats64: { rx: { packets: number } } }]>(
    "ip",
    "-json",
    "-s",
    "link",
    "show",
    link,
  );
  return stats64.rx.packets;
}
