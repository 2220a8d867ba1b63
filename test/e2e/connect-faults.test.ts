import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiClient, connectNetwork, disconnectNetwork, type LeaseInfo } from "../../src/api/index.ts";
import { RUN_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";

const FAULT_FILE = "/run/fault";
const WISHES = { container: "web", ip: "10.1.0.9", ip6: "fd00:1::9", defaultRoute: true };

let sandbox: TestSandbox;
let client: ApiClient;
/** What the kernel has of the container while it is in its first network only. */
let apart: string;
/** What it has when it is in both. */
let together: string;

beforeAll(async () => {
  sandbox = await TestSandbox.create({ env: { NETD_TEST_FAULT_FILE: FAULT_FILE } });
  client = new ApiClient(`/proc/${sandbox.pid}/root${RUN_DIR}/netd.sock`);
  await sandbox.ok("net", "create", "lab", "--subnet", "10.1.0.0/24", "--subnet6", "fd00:1::/64");
  await sandbox.ok("run", "-d", "--name", "db", "--network", "lab", "busybox", "sleep", "1000");
  await sandbox.ok("run", "-d", "--name", "web", "busybox", "sleep", "1000");
  apart = await traces();
  await client.apply(connectNetwork("lab", WISHES));
  together = await traces();
  expect(together).toContain("10.1.0.9/24");
  await client.apply(disconnectNetwork("lab", { container: "web" }));
  expect(await traces()).toBe(apart);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Addresses, routes and rules of the container, and the links of the host, as witnesses tell them; without what differs with each link. */
async function traces(): Promise<string> {
  const { stdout } = await sandbox.sh(`
    ip -n web -brief address | sed 's/@if[0-9]*//; s/fe80::[0-9a-f:]*.64//' | tr -s ' '
    for family in -4 -6; do ip -n web $family route | sed 's/ metric [0-9]*//; s/ pref medium//' | grep -v ^fe80 | sort; done
    ip -brief link show type veth | sed 's/@[^ ]*//' | awk '{ print $1, $2 }' | sort
    nft list ruleset | grep -F -e 10.1.0.9 -e fd00:1::9 | sed 's/ counter.*//' | sort
    true`);
  return stdout;
}

/** Have netd die at a place while something is asked of it, and start it again. The fault must have happened. */
async function dieAt(fault: string, ask: () => Promise<unknown>): Promise<void> {
  const { pid } = await client.info();
  await sandbox.sh(`echo ${fault} > ${FAULT_FILE}`);
  await ask().catch(() => {});
  const { exitCode } = await sandbox.sh(`! test -e ${FAULT_FILE}`);
  await sandbox.sh(`rm -f ${FAULT_FILE}`);
  if (exitCode !== 0) throw new Error(`nobody came to ${fault}`);
  await sandbox.sh(`while kill -0 ${pid} 2>/dev/null; do sleep 0.01; done`);
  await sandbox.startNetd();
}

async function isConnected(): Promise<boolean> {
  const { endpoints } = await client.container("web");
  const leases: LeaseInfo[] = [];
  for await (const lease of client.leases()) {
    if (lease.container === "web" && lease.network === "lab") leases.push(lease);
  }
  expect(leases).toHaveLength(endpoints?.length === 2 ? 2 : 0);
  return endpoints?.length === 2;
}

/** Whatever happened: the kernel has what the state says, names are answered, and it can be changed again. */
async function checkWhole(): Promise<boolean> {
  const isBoth = await isConnected();
  expect(await traces()).toBe(isBoth ? together : apart);
  const { exitCode } = await sandbox.netctl("exec", "web", "ping", "-c", "1", "-W", "5", "db");
  expect(exitCode).toBe(isBoth ? 0 : 1);
  return isBoth;
}

async function settle(isWanted: boolean): Promise<void> {
  if ((await isConnected()) === isWanted) return;
  await (isWanted
    ? client.apply(connectNetwork("lab", WISHES))
    : client.apply(disconnectNetwork("lab", { container: "web" })));
  expect(await traces()).toBe(isWanted ? together : apart);
}

describe("netd killed in net connect", () => {
  test.each([
    ["apply:link.addVeth", true],
    ["applied:link.addVeth", true],
    ["applied:sysctl.set", true],
    ["applied:address.add", true],
    ["apply:route.replace", true],
    ["applied:route.replace", true],
    ["applied:link.set 2", true],
    ["connect:committed", true],
    ["connect:guarded", true],
    ["connect:announced", true],
  ])("at %s ends whole, with the container in the network: %s", async (fault, isBoth) => {
    await settle(false);
    await dieAt(fault, async () => await client.apply(connectNetwork("lab", WISHES)));
    expect(await checkWhole()).toBe(isBoth);
  });
});

describe("netd killed in net disconnect", () => {
  test.each([
    ["apply:link.set", true],
    ["applied:link.set", true],
    ["applied:route.replace", true],
    ["apply:link.delete", true],
    ["applied:link.delete", true],
    ["disconnect:left", true],
    ["disconnect:committed", false],
  ])("at %s ends whole, with the container in the network: %s", async (fault, isBoth) => {
    await settle(true);
    await dieAt(fault, async () => await client.apply(disconnectNetwork("lab", { container: "web" })));
    expect(await checkWhole()).toBe(isBoth);
  });
});
