import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SANDBOX_DIR } from "../../src/sandbox/mounts.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Run a container to its end, without --rm. */
async function runToEnd(name: string, script: string): Promise<void> {
  await sandbox.ok("run", "-d", "--name", name, "busybox", "sh", "-c", script);
  await sandbox.ok("wait", name);
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`;

describe("netctl logs", () => {
  test("tells both streams apart, after the end, as often as asked, until the container is removed", async () => {
    await runToEnd("both", "echo one; echo two >&2; printf three");
    for (let again = 0; again < 2; again += 1) {
      expect(await sandbox.netctl("logs", "both")).toEqual({ stdout: "one\nthree", stderr: "two\n", exitCode: 0 });
    }
    expect(await sandbox.json("logs", "both")).toEqual(
      expect.arrayContaining([
        { stream: "stdout", text: "one\n" },
        { stream: "stderr", text: "two\n" },
        { stream: "stdout", text: "three" },
      ]),
    );
    await sandbox.ok("rm", "both");
    const { stderr, exitCode } = await sandbox.netctl("logs", "both");
    expect({ stderr, exitCode }).toEqual({
      stderr: expect.stringContaining("Cannot find container 'both'"),
      exitCode: 1,
    });
  });

  test("--tail and -t", async () => {
    await runToEnd("lines", "for i in 1 2 3 4 5; do echo line $i; done");
    expect(await sandbox.ok("logs", "--tail", "2", "lines")).toBe("line 4\nline 5\n");
    expect(await sandbox.ok("logs", "-n", "0", "lines")).toBe("");
    expect(await sandbox.ok("logs", "--tail", "all", "lines")).toBe("line 1\nline 2\nline 3\nline 4\nline 5\n");
    expect(await sandbox.ok("logs", "--tail", "99", "lines")).toMatch(/^line 1\n/);
    const timed = await sandbox.ok("logs", "-t", "--tail", "1", "lines");
    expect(timed).toMatch(new RegExp(`^${TIME} line 5\n$`));
    expect(Math.abs(Date.parse(timed.split(" ")[0] ?? "") - Date.now())).toBeLessThan(60_000);
    const { exitCode, stderr } = await sandbox.netctl("logs", "--tail", "-1", "lines");
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining("--tail") });
    await sandbox.ok("rm", "lines");
  });

  test("-f follows to the end, and begins with what was written before", async () => {
    await sandbox.ok(
      "run",
      "-d",
      "-i",
      "--name",
      "growing",
      "busybox",
      "sh",
      "-c",
      "echo before; while read line; do echo $line; done",
    );
    await using follower = sandbox.start("netctl", "logs", "-f", "growing");
    await follower.see(/before\n/);
    await using typist = sandbox.start("netctl", "attach", "growing");
    typist.type("first\n");
    await follower.see(/first\n/);
    typist.type("second\n");
    await follower.see(/second\n/);
    await sandbox.ok("kill", "growing");
    expect(await follower.exitCode()).toBe(0);
    expect(follower.stdout).toBe("before\nfirst\nsecond\n");
    expect(await typist.exitCode()).toBe(137);
    expect(await sandbox.ok("logs", "growing")).toBe("before\nfirst\nsecond\n");
    expect(await sandbox.ok("logs", "-f", "growing")).toBe("before\nfirst\nsecond\n");
    await sandbox.ok("rm", "growing");
  });

  test("-f on a container that is restarted and one that is removed", async () => {
    await sandbox.ok("run", "-d", "--name", "again", "busybox", "sh", "-c", "echo started; sleep 1000");
    await sandbox.ok("restart", "-t", "0", "again");
    await sandbox.sh("until [ $(netctl logs again | wc -l) = 2 ]; do sleep 0.02; done");
    await using follower = sandbox.start("netctl", "logs", "-f", "again");
    await follower.see(/started\nstarted\n/);
    await sandbox.ok("rm", "-f", "again");
    expect(await follower.exitCode()).toBe(0);
  });

  test("gives 10 MB back as they were, binary and text", async () => {
    await sandbox.sh(`head -c 10000000 /dev/urandom > ${SANDBOX_DIR}/noise; seq 1500000 > ${SANDBOX_DIR}/text`);
    for (const file of ["noise", "text"]) {
      await sandbox.ok("run", "-d", "--name", file, "-v", `${SANDBOX_DIR}/${file}:/in:ro`, "busybox", "cat", "/in");
      await sandbox.ok("wait", file);
      const { stdout } = await sandbox.sh(`md5sum < ${SANDBOX_DIR}/${file}; netctl logs ${file} | md5sum`);
      const [sent, got] = stdout.split("\n");
      expect({ file, got }).toEqual({ file, got: sent });
    }
    expect(await sandbox.ok("logs", "--tail", "2", "text")).toBe("1499999\n1500000\n");
    await sandbox.ok("rm", "noise", "text");
  });

  test("of a terminal have what it showed", async () => {
    await sandbox.ok("run", "-d", "-t", "--name", "screen", "busybox", "sh", "-c", "echo shown; echo also >&2");
    await sandbox.ok("wait", "screen");
    expect(await sandbox.netctl("logs", "screen")).toEqual({ stdout: "shown\r\nalso\r\n", stderr: "", exitCode: 0 });
    await sandbox.ok("rm", "screen");
  });
});

describe("netctl attach", () => {
  test("shows output from now on, on both streams, and ends with the container's code", async () => {
    await sandbox.ok(
      "run",
      "-d",
      "-i",
      "--name",
      "talk",
      "busybox",
      "sh",
      "-c",
      "read x; echo out $x; echo err >&2; exit 6",
    );
    await using attached = sandbox.start("netctl", "attach", "talk");
    attached.type("word\n");
    expect(await attached.exitCode()).toBe(6);
    expect({ stdout: attached.stdout, stderr: attached.stderr }).toEqual({ stdout: "out word\n", stderr: "err\n" });
    const { exitCode, stderr } = await sandbox.netctl("attach", "talk");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Cannot attach to container 'talk': it is exited, a running one wanted");
    await sandbox.ok("rm", "talk");
  });

  test("two see the same, and the one that leaves by its keys does not end the container", async () => {
    await sandbox.ok("run", "-dit", "--name", "shared", "busybox", "sh");
    await using first = sandbox.startInTerminal("netctl", "attach", "shared");
    await using second = sandbox.startInTerminal("netctl", "attach", "shared");
    first.type("echo $((11*11))\n");
    await first.see(/121\r\n/);
    second.type("echo $((12*12))\n");
    await second.see(/144\r\n/);
    await first.see(/144\r\n/);
    first.type("\x10\x11");
    expect(await first.exitCode()).toBe(0);
    second.type("exit 3\n");
    expect(await second.exitCode()).toBe(3);
    await sandbox.ok("rm", "shared");
  });
});

describe("netctl events", () => {
  test("tell of each change of a container, in order", async () => {
    await using events = sandbox.start("netctl", "events", "--json");
    // Only what happens while it listens is told: something happens until it shows.
    const listening = events.see(/removed/);
    let isListening = false;
    void listening.finally(() => {
      isListening = true;
    });
    while (!isListening) await sandbox.ok("run", "--rm", "busybox", "true");
    await listening;
    await sandbox.netctl("run", "--name", "noted", "busybox", "sh", "-c", "exit 3");
    await sandbox.ok("rm", "noted");
    await events.see(/"container\.removed","container":"noted"/);
    const noted = events.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { at: string; type: string; container: string; exitCode?: number })
      .filter(({ container }) => container === "noted");
    expect(noted.map(({ type, exitCode }) => [type, exitCode])).toEqual([
      ["container.created", undefined],
      ["container.started", undefined],
      ["container.exited", 3],
      ["container.removed", undefined],
    ]);
    for (const { at } of noted) expect(at).toMatch(new RegExp(`^${TIME}$`));
  });
});
