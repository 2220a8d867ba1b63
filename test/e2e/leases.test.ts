import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LeaseInfo, NetworkDetail } from "../../src/api/index.ts";
import { STATE_DIR } from "../../src/sandbox/mounts.ts";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

/** Where the database driver of the built netd is. */
const LIBSQL = createRequire(import.meta.url).resolve("libsql");

const FAULT_FILE = "/run/fault";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create({
    netdArgs: ["--subnet", "10.9.0.0/28"],
    env: { NETD_TEST_FAULT_FILE: FAULT_FILE },
  });
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function create(name: string, ...options: string[]): Promise<string> {
  await sandbox.ok("create", "--name", name, ...options, "busybox", "sleep", "10000");
  const [info] = await sandbox.json<[NetworkedInfo]>("inspect", name);
  return info.endpoint.address;
}

const remove = (...names: string[]) => sandbox.ok("rm", "-f", ...names);

const listLeases = (...options: string[]) => sandbox.json<LeaseInfo[]>("ls", ...options);

/** Run SQL on the state file. netd must be down. */
async function runSql(sql: string): Promise<void> {
  const script = `const D = require(${JSON.stringify(LIBSQL)}); new D(${JSON.stringify(`${STATE_DIR}/netd.db`)}).exec(${JSON.stringify(sql)})`;
  const { exitCode, stderr } = await sandbox.run(process.execPath, "-e", script);
  if (exitCode !== 0) throw new Error(stderr);
}

describe("a reservation", () => {
  test("goes to the container of its name alone, lives longer than it, and survives the death of netd", async () => {
    expect(await sandbox.ok("lease", "reserve", "web", "10.9.0.3")).toBe("10.9.0.3\n");
    expect(await create("one")).toBe("10.9.0.2");
    expect(await create("two")).toBe("10.9.0.4");
    const refused = await sandbox.netctl("create", "--name", "thief", "--ip", "10.9.0.3", "busybox", "true");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("it is reserved for 'web'");
    expect(await create("web")).toBe("10.9.0.3");
    await remove("web");
    await sandbox.kill("netd");
    await sandbox.startNetd("--subnet", "10.9.0.0/28");
    // Round and round: everything else is given before the pool is exhausted.
    const others = Array.from({ length: 10 }, (_, n) => `other${n}`);
    for (const name of others) expect(await create(name)).not.toBe("10.9.0.3");
    const exhausted = await sandbox.netctl("create", "--name", "late", "busybox", "true");
    expect(exhausted.stderr).toContain("0 of 13 are free");
    expect(await create("web")).toBe("10.9.0.3");
    const leases = await listLeases();
    expect(leases.find(({ container }) => container === "web")).toMatchObject({
      ...{ address: "10.9.0.3", source: "reservation", reserved: true, state: "created", interface: "eth0" },
      bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    await remove("web", "one", "two", ...others);
    expect(await listLeases()).toMatchObject([{ address: "10.9.0.3", container: "web", state: "reserved" }]);
    expect(await sandbox.ok("ls")).toContain("reserved");
    expect(await sandbox.ok("lease", "release", "web")).toBe("10.9.0.3\n");
    expect(await listLeases()).toEqual([]);
  });

  test("of an address that somebody has is refused, and names the holder", async () => {
    const address = await create("holder");
    const { stderr, exitCode } = await sandbox.netctl("lease", "reserve", "web", address);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("container 'holder' has it");
    expect(stderr).toContain("try: ");
    await remove("holder");
  });
});

describe("an address that was asked for", () => {
  test("stays the stopped container's while others come, and it starts with it again", async () => {
    const ip = "10.9.0.5";
    await sandbox.ok("run", "-d", "--name", "static", "--ip", ip, "busybox", "sleep", "10000");
    await sandbox.ok("stop", "-t", "0", "static");
    await sandbox.kill("netd");
    await sandbox.startNetd("--subnet", "10.9.0.0/28");
    const siblings = Array.from({ length: 12 }, (_, n) => `sibling${n}`);
    for (const name of siblings) expect(await create(name)).not.toBe(ip);
    const refused = await sandbox.netctl("create", "--name", "thief", "--ip", ip, "busybox", "true");
    expect(refused.stderr).toContain("container 'static' has it");
    await sandbox.ok("start", "static");
    const { stdout } = await sandbox.run("ip", "-json", "-n", "static", "address", "show", "dev", "eth0");
    expect(stdout).toContain(`"local":"${ip}"`);
    await remove("static", ...siblings);
  });
});

describe("netctl lease release", () => {
  test("refuses the lease of a container that is there, running or not, and says what to do", async () => {
    await sandbox.ok("run", "-d", "--name", "live", "busybox", "sleep", "10000");
    const [{ address }] = (await listLeases()) as [LeaseInfo];
    for (const state of ["running", "exited"]) {
      const { stderr, exitCode } = await sandbox.netctl("lease", "release", address);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`container 'live' (${state}) has it`);
      expect(stderr).toContain("netctl rm live");
      await sandbox.ok("stop", "-t", "0", "live");
    }
    await remove("live");
    expect((await sandbox.netctl("lease", "release", address)).stderr).toContain("there is no lease or reservation");
  });

  test("and collect end leases of containers that are gone, which are listed as stale, and no others", async () => {
    const kept = await create("kept");
    await sandbox.kill("netd");
    const rows = [9, 10, 11].map((n) => {
      const place = `0a09000${n.toString(16)}`;
      const mac = `02:42:0a:09:00:0${n.toString(16)}`;
      return `(4, '${place}', 'default', '10.9.0.${n}', '${mac}', 'dead${n}', '2024-01-01T00:00:00.000Z')`;
    });
    const columns = "family, place, network, address, mac, container_id, since";
    await runSql(`INSERT INTO leases (${columns}) VALUES ${rows.join(", ")}`);
    await sandbox.startNetd("--subnet", "10.9.0.0/28");
    const stale = await listLeases("--stale");
    expect(stale.map(({ address, state }) => [address, state])).toEqual([
      ["10.9.0.9", "gone"],
      ["10.9.0.10", "gone"],
      ["10.9.0.11", "gone"],
    ]);
    expect(await sandbox.ok("lease", "release", "10.9.0.10")).toBe("10.9.0.10\n");
    expect(await sandbox.ok("lease", "collect")).toBe("10.9.0.9\n10.9.0.11\n");
    expect((await listLeases()).map(({ address }) => address)).toEqual([kept]);
    expect(await listLeases("--stale")).toEqual([]);
    expect(await create("again", "--ip", "10.9.0.9")).toBe("10.9.0.9");
    await remove("kept", "again");
  });
});

describe("a pool whose owners are gone", () => {
  test("of more than a thousand is full again when the next container comes", async () => {
    await sandbox.ok("net", "create", "deadly", "--subnet", "10.21.0.0/22");
    await sandbox.kill("netd");
    // All that there are: 10.21.0.2 to 10.21.3.254.
    const count = 1021;
    await runSql(`
      WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count + 1})
      INSERT INTO leases (family, place, network, address, mac, container_id, since)
      SELECT 4, printf('0a15%04x', n), 'deadly', printf('10.21.%d.%d', n >> 8, n & 255),
        printf('02:42:0a:15:%02x:%02x', n >> 8, n & 255), 'dead' || n, '2024-01-01T00:00:00.000Z' FROM numbers`);
    await sandbox.startNetd("--subnet", "10.9.0.0/28");
    expect(await listLeases("--stale")).toHaveLength(count);
    await create("alive", "--network", "deadly");
    expect((await listLeases()).map(({ container }) => container)).toEqual(["alive"]);
    const [detail] = await sandbox.json<[NetworkDetail]>("net", "inspect", "deadly");
    expect(detail.addresses).toEqual({ used: 1, total: count });
    await remove("alive");
    await sandbox.ok("net", "rm", "deadly");
  });
});

describe("an address that the kernel has and the state does not know", () => {
  test("is given to nobody, on the bridge and in a namespace, until it is gone and leases are collected", async () => {
    await sandbox.kill("netd");
    const { exitCode } = await sandbox.sh(
      "ip address add 10.9.0.8/32 dev br0 && ip netns add strange && ip -n strange address add 10.9.0.9/32 dev lo",
    );
    expect(exitCode).toBe(0);
    await sandbox.startNetd("--subnet", "10.9.0.0/28");
    const names = Array.from({ length: 11 }, (_, n) => `n${n}`);
    for (const name of names) expect(["10.9.0.8", "10.9.0.9"]).not.toContain(await create(name));
    const ask = (ip: string) => sandbox.netctl("create", "--name", "late", "--ip", ip, "busybox", "true");
    expect((await ask("10.9.0.8")).stderr).toContain("link 'br0' of this host has it");
    expect((await ask("10.9.0.9")).stderr).toContain("link 'lo' of namespace 'strange' has it");
    expect((await sandbox.netctl("create", "busybox", "true")).stderr).toContain("0 of 13 are free");
    await sandbox.sh("ip address del 10.9.0.8/32 dev br0; ip netns del strange");
    await sandbox.ok("lease", "collect");
    expect((await ask("10.9.0.8")).exitCode).toBe(0);
    await remove("late", ...names);
  });
});

describe("netctl lease import", () => {
  test("gives containers that are made again the addresses and MACs that an export told of", async () => {
    const before = [
      await create("a"),
      await create("b", "--mac", "02:00:00:00:00:99"),
      await create("c", "--ip", "10.9.0.13"),
    ];
    await sandbox.ok("lease", "reserve", "spare", "10.9.0.14");
    const document = await sandbox.ok("lease", "export");
    await remove("a", "b", "c");
    await sandbox.ok("lease", "release", "spare");
    const imported = await sandbox.runWith({ input: document }, "netctl", "lease", "import");
    expect([imported.stderr, imported.stdout]).toEqual(["", "4 addresses reserved, 0 known already\n"]);
    const again = await sandbox.runWith({ input: document }, "netctl", "lease", "import", "--json", "-");
    expect(JSON.parse(again.stdout)).toEqual({ reserved: 0, known: 4 });
    expect([await create("c"), await create("b"), await create("a")]).toEqual(before.toReversed());
    const after = await sandbox.ok("lease", "export");
    expect((JSON.parse(after) as { leases: unknown[] }).leases.map(dropTime)).toEqual(
      (JSON.parse(document) as { leases: unknown[] }).leases.map(dropTime),
    );
    await remove("a", "b", "c");
    await sandbox.ok("lease", "release", "a", "b", "c", "spare");
  });

  test("of a thousand takes all or nothing, also when netd is killed or a conflict comes late", async () => {
    await sandbox.ok("net", "create", "wide", "--subnet", "10.20.0.0/16");
    const reservations = Array.from({ length: 1000 }, (_, n) => ({
      ...{ network: "wide", address: `10.20.${1 + (n >> 7)}.${n & 127}`, name: `wide${n}` },
    }));
    const ask = async (more: typeof reservations) =>
      await sandbox.runWith(
        { input: JSON.stringify({ version: 1, reservations: [...reservations, ...more], leases: [] }) },
        ...["netctl", "lease", "import"],
      );
    await sandbox.ok("lease", "reserve", "wide3", "10.20.1.3", "--network", "wide");
    const late = await ask([{ network: "wide", address: "10.20.0.1", name: "late" }]);
    expect([late.exitCode, late.stderr]).toEqual([1, expect.stringContaining("1 of 1001 conflict")]);
    expect(await listLeases()).toHaveLength(1);
    await sandbox.sh(`echo leases:imported 3 > ${FAULT_FILE}`);
    expect((await ask([])).exitCode).not.toBe(0);
    expect((await sandbox.sh(`test -e ${FAULT_FILE}`)).exitCode).toBe(1);
    await sandbox.startNetd("--subnet", "10.9.0.0/28");
    expect((await listLeases()).map(({ address }) => address)).toEqual(["10.20.1.3"]);
    expect((await ask([])).stdout).toBe("999 addresses reserved, 1 known already\n");
    expect(await listLeases()).toHaveLength(1000);
    await sandbox.ok("net", "rm", "wide");
    expect(await listLeases()).toEqual([]);
  });

  test("takes nothing when one address is in the way, and names it", async () => {
    await create("here", "--ip", "10.9.0.7");
    const reservations = ["10.9.0.6", "10.9.0.7", "10.9.0.1"].map((address, n) => ({
      ...{ network: "default", address, name: `new${n}` },
    }));
    const input = JSON.stringify({ version: 1, reservations, leases: [] });
    const { stderr, exitCode } = await sandbox.runWith({ input }, "netctl", "lease", "import");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("2 of 3 conflict");
    expect(stderr).toContain("container 'here' has it");
    expect(stderr).toContain("10.9.0.1: it is the gateway address");
    expect((await listLeases()).map(({ address }) => address)).toEqual(["10.9.0.7"]);
    expect((await sandbox.runWith({ input: "{" }, "netctl", "lease", "import")).exitCode).toBe(2);
    expect(await create("new", "--ip", "10.9.0.6")).toBe("10.9.0.6");
    await remove("here", "new");
  });
});

function dropTime(lease: unknown): unknown {
  const { since: _since, ...rest } = lease as { since: string };
  return rest;
}
