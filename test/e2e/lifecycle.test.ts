import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LeaseInfo } from "../../src/api/index.ts";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;
let atFirst: HostTraces;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("run", "--rm", "busybox", "true");
  atFirst = await hostTraces(sandbox);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function inspect(name: string): Promise<NetworkedInfo> {
  const [info] = await sandbox.json<[NetworkedInfo]>("inspect", name);
  return info;
}

/** Start a container that does what the script says and writes `up` first. */
async function startScript(name: string, script: string): Promise<void> {
  await sandbox.ok(
    "run",
    "-d",
    "--name",
    name,
    "busybox",
    "sh",
    "-c",
    `${script}; echo up; while :; do sleep 0.05; done`,
  );
  await sandbox.sh(`until netctl logs ${name} | grep -q up; do sleep 0.02; done`);
}

describe("netctl stop", () => {
  test("sends TERM and waits for the end", async () => {
    await startScript("polite", "trap 'echo bye; exit 5' TERM");
    expect(await sandbox.ok("stop", "polite")).toBe("polite\n");
    expect(await inspect("polite")).toMatchObject({ state: "exited", exitCode: 5 });
    expect(await sandbox.ok("logs", "polite")).toBe("up\nbye\n");
    // A second time there is nothing to do.
    expect(await sandbox.ok("stop", "polite")).toBe("polite\n");
    await sandbox.ok("rm", "polite");
  });

  test("-t: kills when it takes longer, and -s sends another signal", async () => {
    await startScript("stubborn", "trap '' TERM");
    await sandbox.ok("stop", "-t", "1", "stubborn");
    expect(await inspect("stubborn")).toMatchObject({ state: "exited", exitCode: 137 });
    await sandbox.ok("rm", "stubborn");
    await startScript("choosy", "trap 'exit 6' USR1");
    await sandbox.ok("stop", "-s", "USR1", "choosy");
    expect(await inspect("choosy")).toMatchObject({ exitCode: 6 });
    await sandbox.ok("rm", "choosy");
  });

  test("of several goes on after one that is unknown, and exits 1", async () => {
    await startScript("one", "trap 'exit 0' TERM");
    expect(await sandbox.netctl("stop", "nosuch", "one")).toEqual({
      stdout: "one\n",
      stderr: expect.stringContaining("Cannot find container 'nosuch'"),
      exitCode: 1,
    });
    await sandbox.ok("rm", "one");
  });
});

describe("netctl kill", () => {
  test.each([
    ["KILL", 137],
    ["9", 137],
    ["SIGKILL", 137],
    ["HUP", 7],
  ])("-s %s", async (signal, code) => {
    await startScript("victim", "trap 'exit 7' HUP");
    expect(await sandbox.ok("kill", "-s", signal, "victim")).toBe("victim\n");
    expect(await sandbox.ok("wait", "victim")).toBe(`${code}\n`);
    await sandbox.ok("rm", "victim");
  });

  test("refuses a signal that there is none of, and a container that does not run", async () => {
    await sandbox.ok("create", "--name", "idle", "busybox", "true");
    const unknown = await sandbox.netctl("kill", "-s", "NOSUCH", "idle");
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("NOSUCH") });
    const { exitCode, stderr } = await sandbox.netctl("kill", "idle");
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "netctl: Cannot send a signal to container 'idle': it is created, a running one wanted\n  try: Start it with 'netctl start idle'\n",
    );
    await sandbox.ok("rm", "idle");
  });
});

describe("netctl wait", () => {
  test("prints the code at the end of each, and at once for one that ended", async () => {
    await startScript("slow", "trap 'exit 9' TERM");
    await sandbox.netctl("run", "--name", "quick", "busybox", "sh", "-c", "exit 4");
    await using waiting = sandbox.start("netctl", "wait", "quick", "slow");
    await waiting.see(/4\n/);
    await sandbox.ok("kill", "-s", "TERM", "slow");
    expect(await waiting.exitCode()).toBe(0);
    expect(waiting.stdout).toBe("4\n9\n");
    await sandbox.ok("rm", "slow", "quick");
  });
});

describe("netctl create, start and restart", () => {
  test("a container has its address from its creation to its removal, whether it runs or not", async () => {
    await sandbox.ok("create", "--name", "still", "busybox", "sleep", "1000");
    const created = await inspect("still");
    expect(created).toMatchObject({ state: "created" });
    expect((await sandbox.sh("ip netns list")).stdout).not.toContain("still");
    await sandbox.ok("start", "still");
    await sandbox.ok("run", "-d", "--name", "neighbour", "busybox", "sleep", "1000");
    await sandbox.ok("stop", "-t", "0", "still");
    await sandbox.ok("run", "-d", "--name", "third", "busybox", "sleep", "1000");
    await sandbox.ok("start", "still");
    await sandbox.ok("restart", "-t", "0", "still");
    expect((await inspect("still")).endpoint).toEqual(created.endpoint);
    expect(await sandbox.ok("exec", "still", "ip", "-o", "-4", "address", "show", "eth0")).toContain(
      ` ${created.endpoint.address}/24 `,
    );
    const leases = await sandbox.json<LeaseInfo[]>("ls");
    expect(new Set(leases.map(({ address }) => address)).size).toBe(3);
    expect((await sandbox.netctl("exec", "neighbour", "ping", "-c", "1", "-W", "2", "still")).exitCode).toBe(0);
    await sandbox.ok("rm", "-f", "still", "neighbour", "third");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("a container that ended starts again, with its files and after the end of its logs", async () => {
    await sandbox.ok("run", "-d", "--name", "again", "busybox", "sh", "-c", "echo x >> /count; wc -l < /count");
    await sandbox.ok("wait", "again");
    await sandbox.ok("start", "again");
    await sandbox.ok("wait", "again");
    expect(await sandbox.ok("logs", "again")).toBe("1\n2\n");
    await sandbox.ok("rm", "again");
  });

  test("start of a running container does nothing", async () => {
    await sandbox.ok("run", "-d", "--name", "on", "busybox", "sleep", "1000");
    const { pid } = await inspect("on");
    expect(await sandbox.ok("start", "on")).toBe("on\n");
    expect((await inspect("on")).pid).toBe(pid);
    await sandbox.ok("rm", "-f", "on");
  });

  test("start of a container whose command is missing fails with the reason, and it stays as it was", async () => {
    await sandbox.ok("create", "--name", "broken", "busybox", "nosuch");
    const { exitCode, stderr } = await sandbox.netctl("start", "broken");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('Cannot run "nosuch"') });
    expect(await inspect("broken")).toMatchObject({ state: "created", error: expect.stringContaining("nosuch") });
    await sandbox.ok("rm", "broken");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });
});

describe("netctl rm", () => {
  test("refuses a running container without -f", async () => {
    await sandbox.ok("run", "-d", "--name", "busy", "busybox", "sleep", "1000");
    expect(await sandbox.netctl("rm", "busy")).toEqual({
      stdout: "",
      stderr:
        "netctl: Cannot remove container 'busy': it runs, a stopped one wanted\n  try: Stop it with 'netctl stop busy', or use 'netctl rm -f busy'\n",
      exitCode: 1,
    });
    expect(await sandbox.ok("rm", "-f", "busy")).toBe("busy\n");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("-f ends who waits, follows and is attached", async () => {
    await sandbox.ok("run", "-d", "--name", "watched", "busybox", "sh", "-c", "echo up; sleep 1000");
    await using waiting = sandbox.start("netctl", "wait", "watched");
    await using following = sandbox.start("netctl", "logs", "-f", "watched");
    await using inside = sandbox.start("netctl", "exec", "watched", "sh", "-c", "echo up; sleep 1000");
    await following.see(/up/);
    await inside.see(/up/);
    await sandbox.ok("rm", "-f", "watched");
    expect(await Promise.all([waiting.exitCode(), following.exitCode(), inside.exitCode()])).toEqual([0, 0, 137]);
    expect(waiting.stdout).toBe("137\n");
  });
});

describe("netctl ps and inspect", () => {
  test("ps lists running containers, ps -a all, the newest first", async () => {
    await sandbox.ok("run", "-d", "--name", "old", "busybox", "sleep", "1000");
    await sandbox.netctl("run", "--name", "ended", "busybox", "sh", "-c", "exit 3");
    await sandbox.ok("create", "--name", "new", "busybox", "true");
    const names = async (...argv: string[]) =>
      (await sandbox.ok(...argv))
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line) => line.split(/ {2,}/).at(-1));
    expect(await names("ps")).toEqual(["old"]);
    expect(await names("ps", "-a")).toEqual(["new", "ended", "old"]);
    const text = await sandbox.ok("ps", "-a");
    expect(text).toMatch(/^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +ADDRESS +PORTS +NAME\n/);
    expect(text).toMatch(/Exited \(3\) .* ended$/m);
    expect(text).toMatch(/Up .* old$/m);
    expect(text).toMatch(/Created .* new$/m);
    expect(await sandbox.ok("ps", "-q")).toBe(`${(await inspect("old")).id.slice(0, 12)}\n`);
    expect((await sandbox.json<NetworkedInfo[]>("ps", "-a")).map(({ name }) => name)).toEqual(["new", "ended", "old"]);
    await sandbox.sh("netctl rm -f $(netctl ps -aq)");
    expect(await sandbox.ok("ps", "-aq")).toBe("");
  });

  test("inspect takes a name, an id and the beginning of one, and agrees with the kernel", async () => {
    const id = (await sandbox.ok("run", "-d", "--name", "known", "busybox", "sleep", "1000")).trim();
    const info = await inspect("known");
    for (const reference of [id, id.slice(0, 12), id.slice(0, 4)]) expect(await inspect(reference)).toEqual(info);
    expect(info).toMatchObject({
      id,
      name: "known",
      image: "busybox",
      command: ["sleep", "1000"],
      state: "running",
      labels: {},
      hostname: id.slice(0, 12),
      endpoint: { network: "default", prefixLength: 24, gateway: "172.16.0.1", netns: "/run/netns/known" },
    });
    expect((await sandbox.run("cat", `/proc/${info.pid}/cmdline`)).stdout).toBe("sleep\u00001000\u0000");
    const { stdout } = await sandbox.run("ip", "-json", "-n", "known", "address", "show", "eth0");
    expect(JSON.parse(stdout)).toMatchObject([
      { address: info.endpoint.mac, addr_info: [{ local: info.endpoint.address, prefixlen: 24 }] },
    ]);
    expect((await sandbox.run("cat", info.files.hostname)).stdout).toBe(`${info.hostname}\n`);
    await sandbox.ok("rm", "-f", "known");
  });
});

describe("names of containers", () => {
  test("are made up so that none is given twice, fifty times at once", async () => {
    const results = await Promise.all(Array.from({ length: 50 }, () => sandbox.ok("create", "busybox", "true")));
    expect(new Set(results).size).toBe(50);
    const containers = await sandbox.json<NetworkedInfo[]>("ps", "-a");
    expect(new Set(containers.map(({ name }) => name)).size).toBe(50);
    expect(new Set(containers.map(({ endpoint }) => endpoint.address)).size).toBe(50);
    await sandbox.ok("rm", ...containers.map(({ id }) => id));
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });
});

describe("many at once", () => {
  test("twenty run --rm do what each was told, and leave nothing", async () => {
    const numbers = Array.from({ length: 20 }, (_, at) => at);
    const results = await Promise.all(
      numbers.map((number) => sandbox.netctl("run", "--rm", "busybox", "sh", "-c", `echo ${number}; exit ${number}`)),
    );
    expect(results).toEqual(numbers.map((number) => ({ stdout: `${number}\n`, stderr: "", exitCode: number })));
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });
});
