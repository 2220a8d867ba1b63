import { afterAll, beforeAll, expect, test } from "vitest";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

const SUBNET = "10.9.0.0/24";
/** A host of somebody else on the same cable, which netd knows nothing of. */
const STRANGER = `
  ip link add lan0 address 02:00:00:00:00:01 type bridge && ip address add 10.9.0.1/24 dev lan0 &&
  ip address add fd00:9::1/64 dev lan0 nodad && ip link set lan0 up &&
  unshare --net sleep 100000 > /dev/null 2>&1 & stranger=$!
  until [ "$(readlink /proc/$stranger/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
  ip link add port0 master lan0 up type veth peer name eth0 address 02:00:00:00:00:aa netns $stranger &&
  nsenter --net=/proc/$stranger/ns/net sh -c 'ip address add 10.9.0.2/24 dev eth0 && ip address add 10.9.0.3/24 dev eth0 &&
    ip address add fd00:9::2/64 dev eth0 nodad && ip address add fd00:9::3/64 dev eth0 nodad && ip link set eth0 up'`;

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create({ withoutNetd: true });
  const { exitCode, stderr } = await sandbox.sh(`(${STRANGER}) > /dev/null`);
  expect([exitCode, stderr]).toEqual([0, ""]);
  await sandbox.startNetd("--bridge", "lan0", "--adopt", "--subnet", SUBNET, "--subnet6", "fd00:9::/64");
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

test("netd passes over addresses of an adopted bridge that somebody answers for, and says whose one is that was asked for", async () => {
  await sandbox.ok("create", "--name", "dynamic", "busybox", "true");
  const [info] = await sandbox.json<[NetworkedInfo]>("inspect", "dynamic");
  expect(info.endpoint.address).toBe("10.9.0.4");
  const refused = await sandbox.netctl("create", "--name", "static", "--ip", "10.9.0.3", "busybox", "true");
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("a host with MAC 02:00:00:00:00:aa has it");
  await sandbox.ok("create", "--name", "static", "--ip", "10.9.0.9", "busybox", "true");
});

test("netd asks for IPv6 addresses, too, before it gives them out", async () => {
  await sandbox.ok("create", "--name", "dynamic6", "busybox", "true");
  const [info] = await sandbox.json<[{ endpoints: [{ address6?: string }] }]>("inspect", "dynamic6");
  expect(["fd00:9::2", "fd00:9::3", undefined]).not.toContain(info.endpoints[0].address6);
  const refused = await sandbox.netctl("create", "--name", "static6", "--ip6", "fd00:9::3", "busybox", "true");
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("fd00:9::3");
  expect(refused.stderr).toContain("a host with MAC 02:00:00:00:00:aa has it");
  await sandbox.ok("create", "--name", "static6", "--ip6", "fd00:9::9", "busybox", "true");
});
