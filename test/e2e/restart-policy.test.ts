import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

async function inspect(name: string, where = sandbox): Promise<NetworkedInfo> {
  const [info] = await where.json<[NetworkedInfo]>("inspect", name);
  return info;
}

/** Wait until the inspection of a container matches a jq expression. */
async function until(name: string, expression: string, where = sandbox): Promise<void> {
  const { exitCode } = await where.sh(
    `until netctl inspect ${name} | jq -e '.[0] | ${expression}'; do sleep 0.02; done`,
  );
  expect(exitCode).toBe(0);
}

async function runRestarting(name: string, policy: string, ...command: string[]): Promise<void> {
  await sandbox.ok("run", "-d", "--name", name, "--restart", policy, "busybox", ...command);
}

/** Wait until a container waits for its next start, long enough to be met there. */
async function untilBackOff(name: string): Promise<void> {
  await until(name, '.state == "restarting" and .restartCount >= 4');
}

describe("netctl run --restart", () => {
  test("on-failure:N: starts it again N times, with its files and its address, and then leaves it", async () => {
    await runRestarting("thrice", "on-failure:3", "sh", "-c", "echo x >> /runs; wc -l < /runs; exit 7");
    await until("thrice", '.state == "exited" and .restartCount == 3');
    expect(await sandbox.ok("logs", "thrice")).toBe("1\n2\n3\n4\n");
    expect(await inspect("thrice")).toMatchObject({ exitCode: 7, restartCount: 3 });
    await sandbox.ok("rm", "thrice");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("on-failure: leaves it once it ends well", async () => {
    await runRestarting("second", "on-failure", "sh", "-c", "[ -e /ran ] || { touch /ran; exit 1; }");
    await until("second", '.state == "exited" and .restartCount == 1 and .exitCode == 0');
    await sandbox.ok("rm", "second");
  });

  test("always: starts it again however it ended, and it is reached by its name again", async () => {
    await runRestarting("phoenix", "always", "sh", "-c", "echo up; exec sleep 1000");
    const { pid, endpoint } = await inspect("phoenix");
    await sandbox.sh(`kill -9 ${pid}`);
    await until("phoenix", `.state == "running" and .pid != ${pid}`);
    expect((await inspect("phoenix")).endpoint).toEqual(endpoint);
    expect((await sandbox.netctl("run", "--rm", "busybox", "ping", "-c", "1", "-W", "2", "phoenix")).exitCode).toBe(0);
    await sandbox.ok("rm", "-f", "phoenix");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("ps shows it as restarting while it waits, and exec and rm are refused", async () => {
    await runRestarting("crasher", "always", "sh", "-c", "exit 3");
    await untilBackOff("crasher");
    expect(await sandbox.ok("ps", "-a")).toMatch(/Restarting \(3\) .* ago .*crasher/);
    const exec = await sandbox.netctl("exec", "crasher", "true");
    expect(exec.stderr).toContain("Cannot run a command in container 'crasher'");
    expect(await sandbox.netctl("rm", "crasher")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("it is about to be restarted, a stopped one wanted"),
    });
    await sandbox.ok("rm", "-f", "crasher");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test.each([["stop"], ["kill"]])("%s while it waits for its restart ends the waiting", async (verb) => {
    await runRestarting("crasher", "always", "sh", "-c", "exit 3");
    await untilBackOff("crasher");
    expect(await sandbox.ok(verb, "crasher")).toBe("crasher\n");
    const { restartCount, ...info } = await inspect("crasher");
    expect(info).toMatchObject({ state: "exited", exitCode: 3 });
    // A user's start counts from nought.
    await sandbox.ok("start", "crasher");
    await until("crasher", `.restartCount < ${restartCount}`);
    await sandbox.ok("rm", "-f", "crasher");
  });

  test("stop and kill end it for good, whatever the policy", async () => {
    await runRestarting("stopped", "always", "sleep", "1000");
    await runRestarting("killed", "unless-stopped", "sleep", "1000");
    await sandbox.ok("stop", "-t", "0", "stopped");
    await sandbox.ok("kill", "killed");
    await sandbox.ok("wait", "killed");
    for (const name of ["stopped", "killed"]) {
      expect(await inspect(name)).toMatchObject({ state: "exited", exitCode: 137, restartCount: 0 });
      await sandbox.ok("rm", name);
    }
  });

  test("restart is no end that the policy counts, and keeps a container of --rm", async () => {
    await sandbox.ok("run", "-d", "--rm", "--name", "kept", "busybox", "sleep", "1000");
    const { id } = await inspect("kept");
    expect(await sandbox.ok("restart", "-t", "0", "kept")).toBe("kept\n");
    expect(await inspect("kept")).toMatchObject({ id, state: "running", restartCount: 0 });
    await sandbox.ok("rm", "-f", "kept");
  });

  test("update changes the policy of a container that runs", async () => {
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "late",
      "busybox",
      "sh",
      "-c",
      "until [ -e /go ]; do sleep 0.02; done; exit 5",
    );
    await sandbox.ok("update", "--restart", "on-failure:1", "late");
    await sandbox.ok("exec", "late", "touch", "/go");
    await until("late", '.state == "exited" and .restartCount == 1');
    await sandbox.ok("rm", "late");
  });

  test.each<[why: string, argv: string[], text: string]>([
    ["together with --rm", ["--rm", "--restart", "always"], "it is removed at its end and restarted at its end"],
    ["an unknown policy", ["--restart", "sometimes"], "Cannot take restart policy 'sometimes'"],
    ["retries that are no number", ["--restart", "on-failure:x"], "Cannot take restart policy 'on-failure:x'"],
    ["retries of always", ["--restart", "always:3"], "Cannot take restart policy 'always:3'"],
  ])("refuses %s", async (_why, argv, text) => {
    const { exitCode, stderr } = await sandbox.netctl("run", ...argv, "busybox", "true");
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(text);
    expect(await sandbox.json<NetworkedInfo[]>("ps", "-a")).toEqual([]);
  });
});

describe("netctl run --stop-signal --stop-timeout", () => {
  test("are what stop uses", async () => {
    const script = "trap 'exit 6' USR1; trap '' TERM; echo up; while :; do sleep 0.02; done";
    await sandbox.ok("run", "-d", "--name", "own", "--stop-signal", "USR1", "busybox", "sh", "-c", script);
    await sandbox.sh("until netctl logs own | grep up; do sleep 0.02; done");
    await sandbox.ok("stop", "own");
    expect(await inspect("own")).toMatchObject({ exitCode: 6 });
    await sandbox.ok("rm", "own");
    await sandbox.ok("run", "-d", "--name", "own", "--stop-timeout", "0", "busybox", "sh", "-c", script);
    await sandbox.ok("stop", "own");
    expect(await inspect("own")).toMatchObject({ exitCode: 137 });
    await sandbox.ok("rm", "own");
  });
});

describe("netctl wait --condition", () => {
  test("waits for the next end, or for the removal", async () => {
    await sandbox.ok("run", "-d", "--name", "job", "busybox", "sh", "-c", "exit 4");
    await sandbox.ok("wait", "job");
    await using next = sandbox.start("netctl", "wait", "--condition", "next-exit", "job");
    await using removed = sandbox.start("netctl", "wait", "--condition", "removed", "job");
    // Both must be waiting before it starts: netd tells of each connection it holds.
    await sandbox.sh("until [ $(ss -Hx state connected src /run/netd/netd.sock | wc -l) -ge 2 ]; do sleep 0.02; done");
    await sandbox.ok("start", "job");
    expect(await next.exitCode()).toBe(0);
    expect(next.stdout).toBe("4\n");
    await sandbox.ok("rm", "job");
    expect(await removed.exitCode()).toBe(0);
    expect(removed.stdout).toBe("4\n");
  });
});

describe("restart policies after the death of netd", () => {
  test("a container that ended meanwhile starts again; one that a user stopped, with always only", async () => {
    await using own = await TestSandbox.create();
    const run = (name: string, policy: string, ...command: string[]) =>
      own.ok("run", "-d", "--name", name, "--restart", policy, "busybox", ...command);
    await run("ended", "on-failure", "sleep", "1000");
    await run("always", "always", "sleep", "1000");
    await run("unless", "unless-stopped", "sleep", "1000");
    await run("crasher", "always", "false");
    await own.ok("stop", "-t", "0", "always", "unless");
    await until("crasher", '.state == "restarting" and .restartCount >= 4', own);
    const { pid } = await inspect("ended", own);
    await own.kill("netd");
    await own.sh(`kill -9 ${pid}`);
    await own.startNetd();
    await until("ended", `.state == "running" and .pid != ${pid}`, own);
    await until("always", '.state == "running"', own);
    await until("crasher", ".restartCount >= 5", own);
    expect(await inspect("ended", own)).toMatchObject({ restartCount: 1 });
    expect(await inspect("unless", own)).toMatchObject({ state: "exited", exitCode: 137 });
    expect((await own.netctl("exec", "always", "ping", "-c", "1", "-W", "2", "ended")).exitCode).toBe(0);
  });

  test("after a reboot (kernel and run directory empty) all start that should", async () => {
    await using own = await TestSandbox.create();
    await own.ok("run", "-d", "--name", "up", "--restart", "unless-stopped", "busybox", "sleep", "1000");
    await own.ok("run", "-d", "--name", "down", "--restart", "unless-stopped", "busybox", "sleep", "1000");
    await own.ok("run", "-d", "--name", "plain", "busybox", "sleep", "1000");
    await own.ok("stop", "-t", "0", "down");
    const address = (await inspect("up", own)).endpoint.address;
    const info = await own.json<{ pid: number; runtime: { pid: number }; dns: { pid: number } }>("info");
    const pids = [(await inspect("up", own)).pid, (await inspect("plain", own)).pid];
    await own.sh(`kill -9 ${info.pid} ${info.runtime.pid} ${info.dns.pid} ${pids.join(" ")}`);
    await own.sh(
      "ip netns delete up; ip netns delete plain; ip link delete br0; nft delete table inet netd; rm -rf /run/netd/*",
    );
    await own.startNetd();
    await until("up", '.state == "running"', own);
    expect((await inspect("up", own)).endpoint.address).toBe(address);
    expect((await inspect("down", own)).state).toBe("exited");
    expect((await inspect("plain", own)).state).toBe("exited");
  });

  test("a stop that netd did not live to finish is still a user's stop", async () => {
    await using own = await TestSandbox.create();
    await own.ok(
      "run",
      "-d",
      "--name",
      "deaf",
      "--restart",
      "unless-stopped",
      "busybox",
      "sh",
      "-c",
      "trap '' TERM; echo up; while :; do sleep 0.02; done",
    );
    await own.sh("until netctl logs deaf | grep up; do sleep 0.02; done");
    const { pid } = await inspect("deaf", own);
    await using stopping = own.start("netctl", "stop", "deaf");
    await until("deaf", ".isStoppedByUser", own);
    await own.kill("netd");
    await own.sh(`kill -9 ${pid}`);
    await own.startNetd();
    expect(await inspect("deaf", own)).toMatchObject({ state: "exited", exitCode: 137 });
    expect(await stopping.exitCode()).toBe(1);
  });
});
