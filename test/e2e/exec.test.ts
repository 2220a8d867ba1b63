import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("run", "-d", "--name", "host", "--hostname", "box", "-e", "OWN=1", "busybox", "sleep", "10000");
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

const exec = (...argv: string[]) => sandbox.netctl("exec", ...argv);

describe("netctl exec", () => {
  test("runs in all namespaces of the container, with its environment, directory, rights and cgroup", async () => {
    const script =
      "for n in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$n; done; grep Cap /proc/self/status";
    const first = script.replaceAll("/proc/self", "/proc/1");
    expect((await exec("host", "sh", "-c", script)).stdout).toBe((await exec("host", "sh", "-c", first)).stdout);
    const { stdout } = await exec(
      "host",
      "sh",
      "-c",
      "echo $OWN $HOSTNAME $HOME; hostname; pwd; ip -o link show eth0 | wc -l",
    );
    expect(stdout).toBe("1 box /root\nbox\n/\n1\n");
    const [{ pid }] = await sandbox.json<[{ pid: number }]>("inspect", "host");
    await using other = sandbox.start("netctl", "exec", "host", "sh", "-c", "echo $$; exec sleep 1000");
    const [inner] = await other.see(/^\d+/);
    const inside = await sandbox.sh(`cd /proc/${pid}/root/proc; cat ${inner}/cgroup; echo; cat 1/cgroup`);
    const [others, own] = inside.stdout.trimEnd().split("\n\n");
    expect(others).toBe(own);
    expect(own).toContain("netd");
    await exec("host", "kill", inner);
    expect(await other.exitCode()).toBe(143);
  });

  test("keeps both output streams apart, byte for byte, and the exit code", async () => {
    expect(await exec("host", "sh", "-c", "printf 'a\\0b\\n'; printf err >&2; exit 4")).toEqual({
      ...{ stdout: "a\0b\n", stderr: "err", exitCode: 4 },
    });
    const { stdout } = await sandbox.sh(
      "for i in $(seq 30); do netctl exec host sh -c 'echo out; exit 5'; echo $?; done",
    );
    expect(stdout).toBe("out\n5\n".repeat(30));
  });

  test("-i carries 5 MB in and out, and the end", async () => {
    const bytes = Buffer.alloc(5_000_000, "\x00\xff\x0aabc\x0d", "latin1");
    const md5 = createHash("md5").update(bytes).digest("hex");
    const { stdout } = await sandbox.runWith({ input: bytes }, "sh", "-c", "netctl exec -i host cat | md5sum");
    expect(stdout).toBe(`${md5}  -\n`);
  });

  test("without -i the input is empty", async () => {
    const { stdout } = await sandbox.runWith({ input: "text" }, "netctl", "exec", "host", "sh", "-c", "cat; echo end");
    expect(stdout).toBe("end\n");
  });

  test("-e, -w and -u", async () => {
    const argv = ["-e", "NEW=2", "-e", "OWN=3", "-w", "/tmp", "-u", "5:6", "host", "sh", "-c"];
    expect(
      (await exec(...argv, "echo $NEW $OWN; pwd; id -u; id -g; sed -n 's/CapEff:.//p' /proc/self/status")).stdout,
    ).toBe("2 3\n/tmp\n5\n6\n0000000000000000\n");
  });

  test("-u knows users that were made in the container", async () => {
    await sandbox.ok("exec", "host", "sh", "-c", "echo newcomer:x:1234:1234::/home/newcomer:/bin/sh >> /etc/passwd");
    expect(await sandbox.ok("exec", "-u", "newcomer", "host", "sh", "-c", "id -u; echo $HOME")).toBe(
      "1234\n/home/newcomer\n",
    );
  });

  test("-d does not wait, and prints nothing", async () => {
    expect(await exec("-d", "host", "sh", "-c", "echo unseen; echo $$ > /tmp/pid; exec sleep 1000")).toEqual({
      ...{ stdout: "", stderr: "", exitCode: 0 },
    });
    await sandbox.sh("until netctl exec host test -s /tmp/pid; do sleep 0.02; done");
    expect(
      await sandbox.ok(
        "exec",
        "host",
        "sh",
        "-c",
        "tr '\\0' ' ' < /proc/$(cat /tmp/pid)/cmdline; kill $(cat /tmp/pid)",
      ),
    ).toBe("sleep 1000 ");
  });

  test.each([
    ["TERM", 143],
    ["KILL", 137],
    ["SEGV", 139],
  ])("a command ended by SIG%s: %i", async (signal, code) => {
    expect((await exec("host", "sh", "-c", `kill -${signal} $$`)).exitCode).toBe(code);
  });

  test.each([
    [127, "nosuch", "it is in no directory of PATH"],
    [127, "/nosuch", "there is no such file in the image"],
    [126, "/etc", "it is a directory"],
    [126, "/etc/passwd", "permission denied"],
  ])("%i for '%s', and the reason", async (code, command, reason) => {
    const { stdout, stderr, exitCode } = await exec("host", command);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: code });
    expect(stderr).toMatch(/^netctl: Cannot run .*\n {2}try: .*\n$/);
    expect(stderr).toContain(reason);
  });

  test.each([
    [["nobody-there", "true"], "Cannot find container 'nobody-there'", 1],
    [["-u", "nosuch", "host", "true"], "Cannot run as user 'nosuch'", 1],
    [["-w", "/etc/passwd", "host", "true"], "/etc/passwd", 1],
    [["-e", "=x", "host", "true"], "=x", 2],
    [["host"], "missing required argument 'command'", 2],
    [["-it", "host", "sh"], "not a TTY", 1],
  ])("%j is refused", async (argv, reason, code) => {
    const { stdout, stderr, exitCode } = await exec(...argv);
    expect({ stdout, exitCode, stderr }).toEqual({
      stdout: "",
      exitCode: code,
      stderr: expect.stringContaining(reason),
    });
    expect(stderr).toMatch(/^netctl: Cannot .*\n {2}try: .*\n$/);
  });

  test("of a container that does not run is refused", async () => {
    await sandbox.ok("create", "--name", "idle", "busybox", "true");
    for (const state of ["created", "exited"]) {
      const { stderr, exitCode } = await exec("idle", "true");
      expect(exitCode).toBe(1);
      expect(stderr).toBe(
        `netctl: Cannot run a command in container 'idle': it is ${state}, a running one wanted\n  try: Start it with 'netctl start idle'\n`,
      );
      await sandbox.sh("netctl start idle; netctl wait idle");
    }
    await sandbox.ok("rm", "idle");
  });

  test("-it has a terminal with job control, and the size of ours", async () => {
    await using shell = sandbox.startInTerminal("netctl", "exec", "-it", "host", "sh");
    await shell.see(/# /);
    shell.resize(30, 90);
    shell.type("until [ \"$(stty size)\" = '30 90' ]; do sleep 0.01; done; echo si''zed; tty\n");
    await shell.see(/sized\r\n\/dev\/pts\/0\r\n/);
    shell.type("sh -c 'echo star''ted; exec sleep 1000'\n");
    await shell.see(/started/);
    shell.type("\x03");
    shell.type("echo code $?\n");
    await shell.see(/code 130\r\n/);
    shell.type("exit 9\n");
    expect(await shell.exitCode()).toBe(9);
  });

  test("-it ends with the terminal it came from, and its shell hears of that", async () => {
    await using shell = sandbox.startInTerminal(
      "netctl",
      "exec",
      "-it",
      "host",
      "sh",
      "-c",
      "echo pid $$; exec sleep 1000",
    );
    const [, pid] = await shell.see(/pid (\d+)/);
    // The terminal's other end closes, as when its window does.
    await sandbox.sh('for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = script ] && kill -9 ${p#/proc/}; done');
    await shell.exitCode();
    await sandbox.sh(`while netctl exec host test -d /proc/${pid}; do sleep 0.02; done`);
  });

  test("ends when the container does", async () => {
    await sandbox.ok("run", "-d", "--name", "brief", "busybox", "sleep", "1000");
    await using other = sandbox.start("netctl", "exec", "brief", "sh", "-c", "echo up; sleep 1000");
    await other.see(/up\n/);
    await sandbox.ok("kill", "brief");
    expect(await other.exitCode()).toBe(137);
    await sandbox.ok("rm", "brief");
  });

  test("twenty at once", async () => {
    const numbers = Array.from({ length: 20 }, (_, at) => String(at));
    const results = await Promise.all(
      numbers.map((number) => exec("host", "sh", "-c", `echo ${number}; exit ${number}`)),
    );
    expect(results).toEqual(numbers.map((number) => ({ stdout: `${number}\n`, stderr: "", exitCode: Number(number) })));
  });
});
