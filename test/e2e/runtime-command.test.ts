import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OneShotHost } from "../support/one-shot-host.ts";

let host: OneShotHost;
beforeAll(async () => {
  host = await OneShotHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** Nothing is left of a container: no state, no process in its cgroup's parent. */
function expectNothingLeft(): void {
  expect(existsSync(host.root) ? readdirSync(host.root) : []).toEqual([]);
  const parent = `/sys/fs/cgroup/pids${host.cgroupParent}`;
  const left = existsSync(parent)
    ? readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  expect(left.map(({ name }) => name)).toEqual([]);
}

describe("netd-runtime run", () => {
  test("run returns the code of the process, with its own streams, and leaves nothing", () => {
    const bundle = host.bundle(["sh", "-c", "cat; echo err >&2; exit 7"]);
    expect(host.call(["run", "--bundle", bundle, "a"], { input: "in\n" })).toEqual({
      code: 7,
      stdout: "in\n",
      stderr: "err\n",
    });
    expectNothingLeft();
  });

  test("run takes flags in every form that Go's flags have, before and behind the id", () => {
    const bundle = host.bundle(["true"]);
    for (const args of [
      ["run", "-bundle", bundle, "a"],
      ["run", `-b=${bundle}`, "a"],
      ["run", "a", `--bundle=${bundle}`],
      ["run", "--keep=false", "--b", bundle, "--", "a"],
    ])
      expect(host.call(args)).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("run --keep leaves a stopped container", () => {
    host.must("run", "--keep", "--bundle", host.bundle(["true"]), "kept");
    expect(host.state("kept")).toMatchObject({ status: "stopped", pid: 0 });
    host.must("delete", "kept");
    expectNothingLeft();
  });

  test("run tells the code of a signal as a shell does", () => {
    const bundle = host.bundle(["sh", "-c", "sh -c 'kill -9 $$'; exit $?"]);
    expect(host.call(["run", "--bundle", bundle, "a"]).code).toBe(137);
  });

  test("run gives the program descriptors that it is told to preserve, and no other", () => {
    const bundle = host.bundle(["sh", "-c", "cat <&3; ls /proc/self/fd"]);
    const program = host.command("run", "--preserve-fds", "1", "--bundle", bundle, "a").slice(host.enter().length);
    const script = `"$@" 3<<END 5</dev/null\nthird\nEND\n`;
    expect(host.run(["bash", "-c", script, "bash", ...program])).toEqual({
      code: 0,
      // The last one is the directory that ls reads.
      stdout: "third\n0\n1\n2\n3\n4\n",
      stderr: "",
    });
    const refused = host.call(["run", "--preserve-fds", "1", "--bundle", bundle, "a"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/preserve descriptor 3: it is not open/) });
    expectNothingLeft();
  });
});

describe("netd-runtime create, start, kill, delete", () => {
  test("a container is created, running, stopped and gone", async () => {
    const bundle = host.bundle(["sleep", "100"], (config) => {
      config.annotations = { "org.example": "yes" };
    });
    const pidFile = join(host.directory, "pid");
    host.must("create", "--bundle", bundle, "--pid-file", pidFile, "c");
    const pid = Number(readFileSync(pidFile, "utf8"));
    const common = { id: "c", bundle, rootfs: `${bundle}/rootfs`, ociVersion: "1.3.0" };
    const annotations = { "org.example": "yes" };
    expect(host.state("c")).toMatchObject({ ...common, annotations, pid, status: "created" });
    expect(host.run(["cat", `/proc/${pid}/comm`]).stdout).not.toBe("sleep\n");
    host.must("start", "c");
    expect(host.run(["cat", `/proc/${pid}/comm`]).stdout).toBe("sleep\n");
    expect(host.state("c")).toMatchObject({ pid, status: "running" });
    expect(host.call(["start", "c"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it is running, a created one wanted/),
    });
    expect(host.call(["create", "--bundle", bundle, "c"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/already exists/),
    });
    expect(host.call(["delete", "c"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it is running, a stopped one wanted/),
    });
    host.must("kill", "c", "SIGKILL");
    await host.until("c", "stopped");
    expect(host.call(["kill", "c"])).toMatchObject({ code: 1, stderr: expect.stringMatching(/container not running/) });
    expect(host.call(["start", "c"]).code).toBe(1);
    host.must("delete", "c");
    expect(host.call(["state", "c"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/container does not exist/),
    });
    expectNothingLeft();
  });

  test("delete takes a created container, and by force a running one or none", () => {
    host.must("create", "--bundle", host.bundle(["sleep", "100"]), "c");
    host.must("delete", "c");
    host.must("run", "-d", "--bundle", host.bundle(["sleep", "100"]), "r");
    host.must("delete", "--force", "r");
    host.must("delete", "--force", "r");
    expect(host.call(["delete", "r"]).code).toBe(1);
    expectNothingLeft();
  });

  test.each(["TERM", "SIGTERM", "term", "15"])("kill takes the signal %s", async (signal) => {
    const bundle = host.bundle(["sh", "-c", "trap 'exit 3' TERM; echo ready >/ready; while :; do sleep 0.05; done"]);
    host.must("run", "-d", "--bundle", bundle, "t");
    while (!existsSync(`${bundle}/rootfs/ready`)) await new Promise((done) => setTimeout(done, 10));
    host.must("kill", "t", signal);
    await host.until("t", "stopped");
    host.must("delete", "t");
  });

  test("of two starts at once one wins", async () => {
    host.must("create", "--bundle", host.bundle(["sleep", "100"]), "race");
    const program = host.command("start", "race").slice(host.enter().length);
    const script = `"$@" & a=$!; "$@" & b=$!; wait $a; x=$?; wait $b; echo $((x + $?))`;
    expect(host.run(["bash", "-c", script, "bash", ...program]).stdout).toBe("1\n");
    host.must("delete", "--force", "race");
  });

  test("list prints a table, ids or JSON", () => {
    expect(host.must("list", "-f", "json")).toBe("null\n");
    const bundle = host.bundle(["sleep", "100"]);
    host.must("create", "--bundle", bundle, "l1");
    expect(host.must("list", "-q")).toBe("l1\n");
    const [entry] = JSON.parse(host.must("list", "--format=json")) as Record<string, unknown>[];
    expect(entry).toMatchObject({ id: "l1", status: "created", bundle, owner: "root" });
    const [head, line] = host.must("list").split("\n");
    expect(head).toMatch(/^ID {10}PID {9}STATUS {6}BUNDLE +CREATED +OWNER$/);
    expect(line).toMatch(new RegExp(`^l1 {10}\\d+ +created {5}${bundle} {3}\\S+ {3}root$`));
    host.must("delete", "l1");
  });
});

describe("netd-runtime exec, ps, pause, update, events", () => {
  beforeAll(() => {
    const bundle = host.bundle(["sleep", "1000"], ({ linux }) => {
      linux.cgroupsPath = `${host.cgroupParent}/limited`;
    });
    host.must("run", "-d", "--bundle", bundle, "e");
  });
  afterAll(() => {
    host.must("delete", "-f", "e");
  });

  test("exec runs a process as the flags say, and returns its code", () => {
    const script = "echo $A; pwd; id -u; id -g; exit 5";
    const flags = ["-e", "A=b c", "--cwd", "/proc", "--user", "7:8", "-g", "9"];
    expect(host.call(["exec", ...flags, "e", "sh", "-c", script])).toMatchObject({
      code: 5,
      stdout: "b c\n/proc\n7\n8\n",
    });
    expect(host.must("exec", "e", "sh", "-c", "echo $PPID $0 -x")).toBe("0 sh -x\n");
    expect(host.must("exec", "--cap", "CAP_SYS_TIME", "e", "sh", "-c", "grep CapEff /proc/self/status")).toMatch(
      /2\d{6}\b/,
    );
  });

  test("exec takes a process from a file", () => {
    const file = join(host.directory, "process.json");
    const process = { args: ["pwd"], cwd: "/tmp", env: ["PATH=/bin"], user: { uid: 0, gid: 0 } };
    host.run(["sh", "-c", 'cat >"$0"', file], { input: JSON.stringify(process) });
    expect(host.must("exec", "-p", file, "e")).toBe("/tmp\n");
  });

  test("exec --detach writes the pid and does not wait", () => {
    const pidFile = join(host.directory, "exec-pid");
    host.must("exec", "-d", "--pid-file", pidFile, "e", "sleep", "100");
    const pid = readFileSync(pidFile, "utf8");
    expect(JSON.parse(host.must("ps", "--format", "json", "e"))).toContain(Number(pid));
    expect(host.must("ps", "e", "-o", "pid,args")).toContain(`${pid} sleep 100`);
    host.run(["kill", "-9", pid]);
  });

  test.each([
    [["exec", "e", "nosuch"], /executable file not found in \$PATH/],
    [["exec", "e", "/nosuch"], /no such file or directory/],
    [["exec", "e", "/proc"], /is a directory/],
    [["exec", "e", "/etc"], /is a directory/],
    [["exec", "none", "true"], /container does not exist/],
    [["exec", "e"], /process args cannot be empty/],
    [["exec", "--user", "x", "e", "true"], /numeric id wanted/],
    [["exec", "--apparmor", "x", "e", "true"], /no AppArmor/],
  ])("%j is refused with 255", (args, reason) => {
    const { code, stderr } = host.call(args);
    expect(stderr).toMatch(reason);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(code).toBe(255);
  });

  test("pause stops all processes until resume", () => {
    host.must("pause", "e");
    expect(host.state("e").status).toBe("paused");
    expect(host.call(["exec", "e", "true"])).toMatchObject({
      code: 255,
      stderr: expect.stringMatching(/cannot exec in a paused container/),
    });
    expect(host.call(["pause", "e"]).code).toBe(1);
    host.must("resume", "e");
    expect(host.state("e").status).toBe("running");
    expect(host.call(["resume", "e"]).code).toBe(1);
  });

  test("update changes limits by flags, by a file and by standard input", () => {
    const read = (): string =>
      host.run(["sh", "-c", `cat /sys/fs/cgroup/pids${host.cgroupParent}/limited/pids.max`]).stdout;
    host.must("update", "--pids-limit", "77", "e");
    expect(read()).toBe("77\n");
    expect(host.call(["update", "-r", "-", "e"], { input: '{"pids":{"limit":78}}' }).code).toBe(0);
    expect(read()).toBe("78\n");
    expect(host.call(["update", "-r", "-", "e"], { input: '{"pids":7}' })).toMatchObject({ code: 1 });
  });

  test("events --stats prints one document", () => {
    expect(JSON.parse(host.must("events", "--stats", "e"))).toMatchObject({
      type: "stats",
      id: "e",
      data: { pids: { current: expect.any(Number) }, memory: { usage: { usage: expect.any(Number) } } },
    });
  });
});

describe("netd-runtime with bad input", () => {
  test.each([
    [["create", "x"], /config\.json not found/],
    [["create", "--bundle", "/nowhere", "x"], /Cannot use the bundle \/nowhere/],
    [["create", "../x"], /invalid characters/],
    [["create", "a/b"], /invalid characters/],
    [["create", ".."], /invalid characters/],
    [["state", ""], /invalid characters/],
    [["create"], /requires exactly 1 argument/],
    [["create", "a", "b"], /requires exactly 1 argument/],
    [["create", "--no-such", "a"], /flag provided but not defined: -no-such/],
    [["create", "--bundle"], /flag needs an argument/],
    [["--log-format", "xml", "list"], /invalid log-format/],
    [["--systemd-cgroup", "list"], /systemd/],
    [["fly"], /No help topic for 'fly'/],
    [["checkpoint", "a"], /criu/],
    [["restore", "a"], /criu/],
  ])("%j is refused with 1, in one line", (args, reason) => {
    const { code, stdout, stderr } = host.call(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(reason);
    expect(stderr).toMatch(/^netd-runtime: [^\n]+\n$/);
    expectNothingLeft();
  });

  test("a configuration that is no JSON, or wrong, is refused by its place", () => {
    const broken = host.bundle(["true"]);
    host.run(["sh", "-c", `echo '{' >${broken}/config.json`]);
    expect(host.call(["run", "--bundle", broken, "a"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/config\.json/),
    });
    const wrong = host.bundle(["true"], (config) => {
      config.process.cwd = "here";
    });
    expect(host.call(["run", "--bundle", wrong, "a"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/process\.cwd/),
    });
    expectNothingLeft();
  });

  test("a terminal that nobody looks at is refused", () => {
    const bundle = host.bundle(["true"], (config) => {
      config.process.terminal = true;
    });
    expect(host.call(["create", "--bundle", bundle, "a"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/console socket/),
    });
    const plain = host.bundle(["true"]);
    const refused = host.call(["run", "--console-socket", "/nowhere", "--bundle", plain, "a"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/console socket/) });
    expectNothingLeft();
  });

  test("failures are logged in the form of logrus", () => {
    const log = join(host.directory, "log");
    host.call(["--log", log, "--log-format", "json", "state", "none"]);
    expect(JSON.parse(readFileSync(log, "utf8"))).toEqual({
      level: "error",
      msg: expect.stringMatching(/container does not exist/),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    host.call(["--log", log, "state", "none"]);
    expect(readFileSync(log, "utf8").split("\n")[1]).toMatch(
      /^time="\S+" level=error msg="Cannot find container \\"none\\"/,
    );
  });

  test("a cgroup that has processes is nobody's to take", () => {
    const bundle = host.bundle(["sleep", "100"]);
    host.must("run", "-d", "--bundle", bundle, "first");
    expect(host.call(["run", "--bundle", bundle, "second"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none wanted/),
    });
    expect(host.state("first").status).toBe("running");
    host.must("delete", "-f", "first");
  });

  test("a cgroup that somebody froze is not taken", () => {
    const bundle = host.bundle(["true"]);
    const { linux } = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8")) as {
      linux: { cgroupsPath: string };
    };
    const frozen = `/sys/fs/cgroup/freezer${linux.cgroupsPath}`;
    mkdirSync(frozen, { recursive: true });
    writeFileSync(`${frozen}/freezer.state`, "FROZEN");
    expect(host.call(["run", "--bundle", bundle, "cold"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/unexpectedly frozen/),
    });
    expect(existsSync(frozen)).toBe(true);
    rmdirSync(frozen);
  });

  test("what a killed creation left is stopped, and can be deleted", () => {
    const bundle = host.bundle(["true"], (config) => {
      // The creator waits for this hook, which kills it.
      config.hooks = { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", "kill -9 $PPID"] }] };
    });
    expect(host.call(["create", "--bundle", bundle, "dead"]).code).not.toBe(0);
    expect(host.state("dead").status).toBe("stopped");
    host.must("delete", "dead");
    expectNothingLeft();
  });
});

test("help and version have runc's form", () => {
  expect(host.must("--version")).toMatch(/^netd-runtime version \d+\.\d+\.\d+\nspec: 1\.3\.0\n/);
  expect(host.must("-v")).toBe(host.must("--version"));
  for (const args of [["--help"], ["-h"], ["help"], []])
    expect(host.must(...args)).toMatch(/^NAME:\n {3}netd-runtime - /);
  for (const args of [
    ["help", "exec"],
    ["exec", "--help"],
    ["exec", "-h"],
  ]) {
    expect(host.must(...args)).toMatch(/^NAME:\n {3}netd-runtime exec - [\s\S]*--preserve-fds value/);
  }
  expect(JSON.parse(host.must("features"))).toMatchObject({ ociVersionMin: "1.0.0", ociVersionMax: "1.3.0" });
});

test("spec writes a configuration that runs, once", () => {
  const bundle = host.bundle(["true"]);
  host.run(["rm", `${bundle}/config.json`]);
  host.must("spec", "--bundle", bundle);
  expect(JSON.parse(readFileSync(`${bundle}/config.json`, "utf8"))).toMatchObject({ process: { args: ["sh"] } });
  expect(host.call(["spec", "-b", bundle])).toMatchObject({ code: 1, stderr: expect.stringMatching(/exists/) });
});
