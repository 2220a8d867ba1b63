import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContainerInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await TestSandbox.create();
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** What a container of `options` says when its shell runs `script`. */
async function inside(options: string[], script: string): Promise<string> {
  return await sandbox.ok("run", "--rm", "--init", ...options, "busybox", "sh", "-c", script);
}

describe("netctl run --init", () => {
  test("has a first process that shows nothing of the host, holds no stream and may do no more than the command", async () => {
    expect(await inside(["-u", "1000"], "cat /proc/1/comm; tr '\\0' ' ' < /proc/1/cmdline; echo; echo $PPID")).toMatch(
      /^netd-init\nnetd-init *\n1\n$/,
    );
    const status =
      "grep -E '^(Uid|Gid|Groups|Cap.*|NoNewPrivs|Seccomp):' /proc/1/status > /tmp/1; grep -E '^(Uid|Gid|Groups|Cap.*|NoNewPrivs|Seccomp):' /proc/$$/status | diff /tmp/1 - && echo same";
    expect(await inside(["-u", "1000:1000"], status)).toBe("same\n");
    expect(
      await inside(
        [],
        `${status}; ls /proc/1/fd | grep -cx '[012]'; readlink /proc/1/exe || cat /proc/1/environ || echo hidden`,
      ),
    ).toMatch(/^same\n0\nhidden\n$/);
  });

  test("reaps what nobody waits for", async () => {
    const command = "(sh -c 'echo $$ > /orphan; until [ -e /go ]; do sleep 0.01; done' &); exec sleep 1000";
    const gone = "touch /go; while [ -d /proc/$(cat /orphan) ]; do :; done";
    // Without it, an orphan of a command that never waits stays.
    const dead =
      "until grep -qx sleep /proc/1/comm; do :; done; touch /go; until grep -q 'State:.Z' /proc/$(cat /orphan)/status; do :; done";
    for (const { name, options, wait } of [
      { name: "with", options: ["--init"], wait: gone },
      { name: "without", options: [], wait: dead },
    ]) {
      await sandbox.ok("run", "-d", "--name", name, ...options, "busybox", "sh", "-c", command);
      await sandbox.ok("exec", name, "sh", "-c", `until [ -s /orphan ]; do :; done; ${wait}`);
      await sandbox.ok("rm", "-f", name);
    }
  });

  test("passes signals on, and the exit code", async () => {
    const script = "trap 'echo told; exit 42' TERM; trap 'echo usr' USR1; echo up; while :; do sleep 0.01; done";
    await sandbox.ok("run", "-d", "--name", "told", "--init", "busybox", "sh", "-c", script);
    await using logs = sandbox.start("netctl", "logs", "-f", "told");
    await logs.see(/up/);
    await sandbox.ok("kill", "-s", "USR1", "told");
    await logs.see(/usr/);
    await sandbox.ok("stop", "-t", "60", "told");
    const [info] = await sandbox.json<[ContainerInfo]>("inspect", "told");
    expect(info).toMatchObject({ state: "exited", exitCode: 42 });
    await sandbox.ok("rm", "told");
    // Without a handler of its own: the command is not 1, so that the signal ends it.
    await sandbox.ok("run", "-d", "--name", "untold", "--init", "busybox", "sleep", "1000");
    await sandbox.ok("stop", "-t", "60", "untold");
    expect(await sandbox.json("inspect", "untold")).toMatchObject([{ exitCode: 143 }]);
    await sandbox.ok("rm", "untold");
  });

  test.each([
    ["exit 7", 7],
    ["kill -9 $$", 137],
    ["exit 0", 0],
  ])("ends as '%s' does", async (script, exitCode) => {
    expect((await sandbox.netctl("run", "--rm", "--init", "busybox", "sh", "-c", script)).exitCode).toBe(exitCode);
  });

  test("tells of a command that can't be run", async () => {
    expect(await sandbox.netctl("run", "--rm", "--init", "busybox", "nosuch")).toMatchObject({
      exitCode: 127,
      stderr: expect.stringContaining('Cannot run "nosuch"'),
    });
    expect((await sandbox.netctl("run", "--rm", "--init", "busybox", "/etc")).exitCode).toBe(126);
    expect(await sandbox.json("ps", "-a")).toEqual([]);
  });

  test("gives the command the terminal, with job control", async () => {
    await using shell = sandbox.startInTerminal("netctl", "run", "--rm", "-it", "--init", "busybox", "sh");
    shell.type("tty; echo pid $(( $$ > 1 )); sh -c 'echo on; exec sleep 1000'\n");
    // Said by the child, which has the foreground then.
    await shell.see(/\/dev\/pts\/0\r\npid 1\r\non\r\n/);
    shell.type("\u0003");
    shell.type("echo interrupted $?\n");
    await shell.see(/interrupted 130/);
    shell.type("sleep 1000 & sleep 0.01; jobs; kill %1; exit 5\n");
    await shell.see(/Running +sleep 1000/);
    expect(await shell.exitCode()).toBe(5);
  });

  test("works with a user namespace, exec, and a new runtime", async () => {
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "kept",
      "--init",
      "--userns",
      "auto",
      "busybox",
      "sh",
      "-c",
      "trap 'exit 9' TERM; while :; do sleep 0.01; done",
    );
    expect(await sandbox.ok("exec", "kept", "cat", "/proc/1/comm")).toBe("netd-init\n");
    const [{ pid }] = await sandbox.json<[ContainerInfo]>("inspect", "kept");
    await sandbox.kill("runtime");
    await sandbox.ok("exec", "kept", "true");
    expect(await sandbox.json("inspect", "kept")).toMatchObject([{ pid, state: "running" }]);
    await sandbox.ok("stop", "-t", "60", "kept");
    expect(await sandbox.json("inspect", "kept")).toMatchObject([{ exitCode: 9 }]);
    await sandbox.ok("rm", "kept");
  });
});
