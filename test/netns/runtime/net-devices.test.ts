/**
 * Links of the host that a container has for the time of its life.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OneShotHost, type TestConfig } from "../../support/one-shot-host.ts";

let host: OneShotHost;
beforeAll(async () => {
  host = await OneShotHost.create();
  const script =
    "ip link add one type veth peer name two && ip addr add 192.0.2.1/24 dev one && ip -6 addr add 2001:db8::1/64 dev one nodad && ip link set one up && ip link set two up && ip link add three type ifb";
  expect(host.run(["sh", "-c", script])).toMatchObject({ code: 0, stderr: "" });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

function withDevices(netDevices: Record<string, { name?: string }>): (config: TestConfig) => void {
  return ({ linux }) => void Object.assign(linux, { netDevices });
}

interface Shown {
  ifname: string;
  flags: string[];
  addr_info: { scope: string; local: string; prefixlen: number }[];
}

/** What `ip address` shows where `prefix` enters, but for lo. */
function links(...prefix: string[]): Record<string, { isUp: boolean; addresses: string[] }> {
  const { stdout } = host.run([...prefix, "ip", "-json", "address"]);
  return Object.fromEntries(
    (JSON.parse(stdout) as Shown[])
      .filter(({ ifname }) => ifname !== "lo")
      .map(({ ifname, flags, addr_info }) => {
        const global = addr_info.filter(({ scope }) => scope === "global");
        const addresses = global.map(({ local, prefixlen }) => `${local}/${prefixlen}`);
        return [ifname, { isUp: flags.includes("UP"), addresses }];
      }),
  );
}

const inside = (id: string) => links("nsenter", `--net=/proc/${host.state(id).pid}/ns/net`);

describe("linux.netDevices", () => {
  test("create moves links in, renamed, with their addresses and up, and delete gives them back", async () => {
    const bundle = host.bundle(["sleep", "1000"], withDevices({ one: { name: "eth0" }, three: {} }));
    host.must("create", "--bundle", bundle, "given");
    expect(inside("given")).toEqual({
      eth0: { isUp: true, addresses: ["192.0.2.1/24", "2001:db8::1/64"] },
      three: { isUp: true, addresses: [] },
    });
    expect(Object.keys(links())).toEqual(["two"]);
    host.must("start", "given");
    // Neither the end of its process nor another name keeps a link from its way home.
    host.run([
      "nsenter",
      `--net=/proc/${host.state("given").pid}/ns/net`,
      "sh",
      "-c",
      "ip link set eth0 down; ip link set eth0 name mine",
    ]);
    host.must("kill", "given", "KILL");
    await host.until("given", "stopped");
    host.must("delete", "given");
    expect(links()).toMatchObject({ one: { isUp: false, addresses: [] }, three: { isUp: false } });
    expect(readdirSync(host.root)).toEqual([]);
  });

  test("run gives them back at its end", () => {
    const bundle = host.bundle(["ls", "/sys/class/net"], withDevices({ one: { name: "net7" } }));
    expect(host.must("run", "--bundle", bundle, "short")).toBe("lo\nnet7\n");
    expect(Object.keys(links()).sort()).toEqual(["one", "three", "two"]);
  });

  test.each([
    ["a link that is not there", { three: { name: "x" }, nosuch: {} }, "Cannot take the link 'nosuch'"],
    ["a name that is taken", { three: { name: "x" }, one: { name: "lo" } }, "as 'lo'"],
  ])("create refuses %s, and takes none", (_case, netDevices, reason) => {
    const bundle = host.bundle(["true"], withDevices(netDevices));
    const { code, stderr } = host.call(["create", "--bundle", bundle, "refused"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(reason) });
    expect(Object.keys(links()).sort()).toEqual(["one", "three", "two"]);
    expect(readdirSync(host.root)).toEqual([]);
  });

  test("create gives them back when it fails later", () => {
    const bundle = host.bundle(["nosuch"], withDevices({ one: { name: "eth0" } }));
    expect(host.call(["create", "--bundle", bundle, "failed"]).code).not.toBe(0);
    expect(Object.keys(links()).sort()).toEqual(["one", "three", "two"]);
  });
});
