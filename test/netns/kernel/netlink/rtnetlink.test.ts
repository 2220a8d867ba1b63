import { describe, expect, test } from "vitest";
import {
  addAddress,
  addBridge,
  addRoute,
  addVeth,
  deleteLink,
  findLink,
  getLink,
  KernelError,
  listAddresses,
  listLinks,
  listNeighbours,
  listRoutes,
  RtnetlinkSocket,
  setLink,
} from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

const MAC = "02:42:ac:10:00:01";

function catchKernelError(fn: () => unknown): KernelError {
  try {
    fn();
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("RtnetlinkSocket", () => {
  test("RtnetlinkSocket carries the call, the errno's name and the kernel's own text of an address added twice", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    addAddress(socket, { link: "lo", address: "10.0.0.1/8" });
    const error = catchKernelError(() => addAddress(socket, { link: "lo", address: "10.0.0.1/8" }));
    expect(error).toMatchObject({
      errno: 17,
      kernelText: "ipv4: Address already assigned",
      code: "KERNEL_CALL_FAILED",
    });
    expect(error.message).toBe(
      "Cannot add address 10.0.0.1/8 to link 'lo' (RTM_NEWADDR): EEXIST (file already exists); the kernel says: ipv4: Address already assigned",
    );
  });

  test("RtnetlinkSocket says why a veth can't be added: its name exists", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    addVeth(socket, { host: "va", peer: "vb" });
    expect(catchKernelError(() => addVeth(socket, { host: "va", peer: "vc" })).errno).toBe(17);
    expect(findLink(socket, "vc")).toBeUndefined();
  });

  test("RtnetlinkSocket says why a link can't be a bridge's port", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    addBridge(socket, { name: "br0", mac: MAC });
    addBridge(socket, { name: "br1", mac: MAC });
    const { index } = getLink(socket, "br0");
    expect(catchKernelError(() => setLink(socket, "br1", { master: index })).kernelText).toMatch(/bridge/);
  });

  test("RtnetlinkSocket says why a route can't be added: its gateway is out of reach", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    const error = catchKernelError(() => addRoute(socket, { to: "default", via: "10.0.0.1" }));
    expect(error).toMatchObject({ errno: 101, kernelText: expect.stringMatching(/gateway/i) });
  });

  test("RtnetlinkSocket stays in its namespace, which lives as long as it is open", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    addBridge(socket, { name: "br0", mac: MAC });
    await netns[Symbol.asyncDispose]();
    expect(listLinks(socket).map(({ name }) => name)).toEqual(["lo", "br0"]);
  });

  test("RtnetlinkSocket reads dumps of many datagrams whole", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    for (let i = 0; i < 60; i++) addVeth(socket, { host: `h${i}`, peer: `p${i}` });
    const names = listLinks(socket).map(({ name }) => name);
    expect(names).toEqual(netns.json<{ ifname: string }[]>("ip", "-json", "link").map(({ ifname }) => ifname));
    expect(names).toHaveLength(121);
  });
});

describe("listLinks", () => {
  test("listLinks tells what ip link tells", async () => {
    await using netns = TestNetns.create();
    netns.run("ip", "link", "add", "br0", "address", MAC, "type", "bridge");
    netns.run("ip", "link", "set", "br0", "alias", "netd:x:bridge", "up");
    netns.run("ip", "link", "add", "va", "mtu", "1400", "master", "br0", "type", "veth", "peer", "name", "vb");
    using socket = RtnetlinkSocket.open(netns.name);
    const told = netns.json("ip", "-json", "-details", "link");
    for (const link of listLinks(socket)) {
      const wanted = told.find(({ ifname }) => ifname === link.name);
      expect({ ...link, operState: undefined }).toMatchObject({
        index: wanted?.["ifindex"],
        mtu: wanted?.["mtu"],
        mac: wanted?.["address"],
      });
    }
    expect(listLinks(socket, { kind: "bridge" })).toMatchObject([
      { name: "br0", kind: "bridge", alias: "netd:x:bridge", isUp: true },
    ]);
    expect(listLinks(socket, { master: "br0" })).toMatchObject([
      { name: "va", kind: "veth", isUp: false, operState: "down" },
    ]);
    expect(getLink(socket, "va")).toMatchObject({
      master: getLink(socket, "br0").index,
      link: getLink(socket, "vb").index,
    });
  });
});

describe("listAddresses", () => {
  test("listAddresses tells what ip address tells, both families", async () => {
    await using netns = TestNetns.create();
    netns.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
    netns.run("ip", "address", "add", "172.16.0.2/24", "broadcast", "+", "dev", "va");
    netns.run("ip", "address", "add", "2001:db8::2/64", "nodad", "dev", "va");
    netns.run("ip", "address", "add", "10.0.0.1", "peer", "10.0.0.2/32", "dev", "vb");
    using socket = RtnetlinkSocket.open(netns.name);
    expect(listAddresses(socket, { link: "va" })).toMatchObject([
      { link: "va", address: "172.16.0.2/24", family: "inet", broadcast: "172.16.0.255" },
      { link: "va", address: "2001:db8::2/64", family: "inet6" },
    ]);
    expect(
      listAddresses(socket, { family: "inet" })
        .map(({ address }) => address)
        .sort(),
    ).toEqual(["10.0.0.1/32", "172.16.0.2/24"]);
  });
});

describe("listRoutes", () => {
  test("listRoutes tells what ip route tells, table main unless asked", async () => {
    await using netns = TestNetns.create();
    netns.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
    netns.run("ip", "link", "set", "va", "up");
    netns.run("ip", "address", "add", "172.16.0.2/24", "dev", "va");
    netns.run("ip", "route", "add", "default", "via", "172.16.0.1", "metric", "50");
    netns.run("ip", "route", "add", "blackhole", "10.0.0.0/8");
    netns.run("ip", "route", "add", "192.0.2.0/24", "dev", "va", "table", "100");
    using socket = RtnetlinkSocket.open(netns.name);
    expect(listRoutes(socket, { family: "inet" })).toEqual([
      {
        family: "inet",
        to: "default",
        via: "172.16.0.1",
        dev: "va",
        type: "unicast",
        protocol: "boot",
        metric: 50,
        table: 254,
      },
      { family: "inet", to: "10.0.0.0/8", type: "blackhole", protocol: "boot", metric: 0, table: 254 },
      { family: "inet", to: "172.16.0.0/24", dev: "va", type: "unicast", protocol: "kernel", metric: 0, table: 254 },
    ]);
    expect(listRoutes(socket, { table: 100 }).map(({ to }) => to)).toEqual(["192.0.2.0/24"]);
  });
});

describe("listNeighbours", () => {
  test("listNeighbours tells what ip neighbour tells", async () => {
    await using netns = TestNetns.create();
    netns.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
    netns.run("ip", "link", "set", "va", "up");
    netns.run("ip", "neighbour", "add", "172.16.0.9", "lladdr", MAC, "dev", "va", "nud", "permanent");
    using socket = RtnetlinkSocket.open(netns.name);
    expect(listNeighbours(socket, { link: "va" })).toContainEqual({
      address: "172.16.0.9",
      mac: MAC,
      link: "va",
      states: ["permanent"],
    });
  });
});

describe("deleteLink", () => {
  test("deleteLink takes both ends of a veth pair away", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    addVeth(socket, { host: "va", peer: "vb" });
    deleteLink(socket, "vb");
    expect(netns.json("ip", "-json", "link")).toHaveLength(1);
    expect(catchKernelError(() => deleteLink(socket, "va")).errno).toBe(19);
  });
});
