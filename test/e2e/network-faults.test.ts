import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ApiClient, type NetworkDetail } from "../../src/api/index.ts";
import { RUN_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";

const FAULT_FILE = "/run/fault";

let sandbox: TestSandbox;
let client: ApiClient;
/** Links, addresses and rules of the host when there is no network but the default one. */
let nothing: string;

beforeAll(async () => {
  sandbox = await TestSandbox.create({ env: { NETD_TEST_FAULT_FILE: FAULT_FILE } });
  client = new ApiClient(`/proc/${sandbox.pid}/root${RUN_DIR}/netd.sock`);
  await sandbox.ok("net", "create", "warm", "--subnet6", "auto");
  await sandbox.ok("net", "rm", "warm");
  nothing = await traces();
});

afterEach(async () => {
  await sandbox.sh(`rm -f ${FAULT_FILE}; netctl rm -f web > /dev/null 2>&1; netctl net prune -f`);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function traces(): Promise<string> {
  const { stdout } = await sandbox.sh("ip -br link | cut -d' ' -f1; ip -o address | grep -v fe80; nft list ruleset");
  return stdout.replaceAll(/ {2,}/g, " ");
}

/** Have netd die at a place while a command is carried out, and start it again. It must have died. */
async function dieAt(fault: string, ...argv: string[]): Promise<void> {
  const { pid } = await client.info();
  await sandbox.sh(`echo ${fault} > ${FAULT_FILE}`);
  const { exitCode, stderr } = await sandbox.netctl(...argv);
  const isArmed = (await sandbox.sh(`rm ${FAULT_FILE} 2> /dev/null`)).exitCode === 0;
  if (isArmed) throw new Error(`nobody came to ${fault} in ${argv.join(" ")}: ${stderr}`);
  expect(exitCode).toBe(1);
  await sandbox.sh(`while kill -0 ${pid} 2>/dev/null; do sleep 0.01; done`);
  await sandbox.startNetd();
}

async function find(name: string): Promise<NetworkDetail | undefined> {
  const known = await client.networks();
  return known.some((network) => network.name === name) ? await client.network(name) : undefined;
}

/** A network is either not there at all, or works and can be removed. */
async function checkWhole(name: string): Promise<void> {
  const found = await find(name);
  if (found !== undefined) {
    await sandbox.ok("run", "--rm", "--network", name, "busybox", "ping", "-c", "1", "203.0.113.80");
    await sandbox.ok("run", "--rm", "--network", name, "busybox", "ping", "-6", "-c", "1", "2001:db8:113::80");
    await sandbox.ok("net", "rm", name);
  }
  expect(await traces()).toBe(nothing);
}

async function mtuOf(name: string, netns?: string): Promise<number> {
  const { stdout } = await sandbox.run("ip", ...(netns ? ["-n", netns] : []), "-json", "link", "show", "dev", name);
  return (JSON.parse(stdout) as { mtu: number }[])[0]?.mtu ?? 0;
}

describe("netd killed", () => {
  test.each([
    "network:saved",
    "apply:link.addBridge",
    "applied:link.addBridge",
    "applied:address.add",
    "applied:address.add 2",
    "applied:link.set",
    "apply:nft.apply",
    "applied:nft.apply",
  ])("at %s of net create leaves a network that is whole, or none", async (fault) => {
    await dieAt(fault, "net", "create", "lab", "--subnet6", "auto");
    await checkWhole("lab");
  });

  test.each(["apply:nft.apply", "applied:nft.apply", "apply:link.delete", "applied:link.delete", "network:closed"])(
    "at %s of net rm leaves a network that is whole, or none",
    async (fault) => {
      await sandbox.ok("net", "create", "lab", "--subnet6", "auto");
      await dieAt(fault, "net", "rm", "lab");
      await checkWhole("lab");
    },
  );

  test.each(["apply:link.set", "applied:link.set", "applied:link.set 2", "applied:link.set 3"])(
    "at %s of net set --mtu leaves one MTU everywhere, the old or the new",
    async (fault) => {
      await sandbox.ok("net", "create", "lab", "--subnet6", "auto");
      await sandbox.ok("run", "-d", "--name", "web", "--network", "lab", "busybox", "sleep", "1000");
      await dieAt(fault, "net", "set", "lab", "--mtu", "1400");
      const lab = await client.network("lab");
      const [web] = lab.members;
      const found = [await mtuOf(lab.bridge), await mtuOf(web?.hostInterface ?? ""), await mtuOf("eth0", "web")];
      expect([1400, 1500]).toContain(lab.mtu);
      expect(found).toEqual([lab.mtu, lab.mtu, lab.mtu]);
    },
  );

  test.each(["apply:route.delete", "applied:route.delete", "apply:route.replace", "applied:route.replace"])(
    "at %s of net set --route leaves the routes that net inspect tells",
    async (fault) => {
      await sandbox.ok("net", "create", "lab", "--subnet", "10.70.0.0/24", "--route", "10.99.0.0/16:10.70.0.9");
      await sandbox.ok("run", "-d", "--name", "web", "--network", "lab", "busybox", "sleep", "1000");
      await dieAt(fault, "net", "set", "lab", "--route", "10.98.0.0/16:10.70.0.9");
      const { routes } = await client.network("lab");
      const { stdout } = await sandbox.run("ip", "-n", "web", "-json", "route", "show", "via", "10.70.0.9");
      const found = (JSON.parse(stdout) as { dst: string }[]).map(({ dst }) => dst);
      expect(found).toEqual(routes.map(({ to }) => to));
    },
  );
});
