import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SANDBOX_DIR } from "../../src/sandbox/mounts.ts";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
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

const run = (...argv: string[]) => sandbox.netctl("run", "--rm", ...argv);
const sh = (script: string, ...options: string[]) => run(...options, "busybox", "sh", "-c", script);

const follow = (...argv: string[]) => sandbox.start("netctl", "run", "--rm", ...argv);
const followInTerminal = (...argv: string[]) => sandbox.startInTerminal("netctl", "run", "--rm", ...argv);

/** Five megabytes of bytes that are no text, and what md5sum says of them. */
function makeNoise(): { bytes: Buffer; md5: string } {
  const bytes = Buffer.alloc(5_000_000);
  for (let at = 0, state = 1; at < bytes.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return { bytes, md5: createHash("md5").update(bytes).digest("hex") };
}

const NOISE = makeNoise();

describe("netctl run: streams", () => {
  test("keeps both output streams apart and as they are", async () => {
    expect(await sh("printf 'a\\0b\\r\\n'; printf '\\377'; printf 'wrong \\t' >&2; exit 3")).toEqual({
      stdout: "a\0b\r\n\ufffd",
      stderr: "wrong \t",
      exitCode: 3,
    });
  });

  test("loses nothing of a command that ends at once, fifty times", async () => {
    const { stdout, stderr, exitCode } = await sandbox.sh(
      "for i in $(seq 50); do netctl run --rm busybox sh -c 'echo out; echo err >&2; exit 3'; echo $?; done",
    );
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: "out\n3\n".repeat(50),
      stderr: "err\n".repeat(50),
      exitCode: 0,
    });
  });

  test("-i carries 5 MB of anything in, and out on either stream, and the end of it", async () => {
    const { stdout } = await sandbox.runWith(
      { input: NOISE.bytes },
      "sh",
      "-c",
      `cat > ${SANDBOX_DIR}/noise
       netctl run --rm -i busybox md5sum < ${SANDBOX_DIR}/noise
       netctl run --rm -i busybox cat < ${SANDBOX_DIR}/noise | md5sum
       netctl run --rm -i busybox sh -c 'cat >&2' < ${SANDBOX_DIR}/noise 2>&1 >/dev/null | md5sum
       cat ${SANDBOX_DIR}/noise | netctl run --rm -i busybox cat | netctl run --rm -i busybox cat | md5sum`,
    );
    expect(stdout).toBe(`${NOISE.md5}  -\n`.repeat(4));
  });

  test("-i: an input that ends early or is not read harms nobody", async () => {
    expect(
      await sandbox.runWith({ input: "one\ntwo\n" }, "netctl", "run", "--rm", "-i", "busybox", "head", "-n1"),
    ).toEqual({ stdout: "one\n", stderr: "", exitCode: 0 });
    expect(await sandbox.runWith({ input: NOISE.bytes }, "netctl", "run", "--rm", "-i", "busybox", "true")).toEqual({
      stdout: "",
      stderr: "",
      exitCode: 0,
    });
  });

  test("without -i the input is /dev/null, whatever is piped in", async () => {
    const result = await sandbox.runWith(
      { input: "text" },
      "netctl",
      "run",
      "--rm",
      "busybox",
      "sh",
      "-c",
      "cat; echo end",
    );
    expect(result).toEqual({ stdout: "end\n", stderr: "", exitCode: 0 });
  });

  test("an output that cannot be written is told, and the container goes on", async () => {
    expect(await sandbox.sh("netctl run --rm busybox echo text > /dev/full")).toEqual({
      stdout: "",
      stderr: "netctl: Cannot write the output: ENOSPC: no space left on device, write\n",
      exitCode: 1,
    });
    expect((await sandbox.sh("netctl run --rm busybox sh -c 'exec >&- 2>&-; exit 3'")).exitCode).toBe(3);
  });

  test("a reader of ours that goes away does not stop the container", async () => {
    const { stdout } = await sandbox.sh(
      `netctl run -i --name talker busybox sh -c 'yes | head -n 2000000; echo done >&2' 2>${SANDBOX_DIR}/err < /dev/null | head -n 1
       netctl wait talker; netctl logs talker 2>&1 >/dev/null; netctl rm talker`,
    );
    expect(stdout).toBe("y\n0\ndone\ntalker\n");
  });
});

describe("netctl run: exit codes", () => {
  test.each([0, 1, 3, 42, 255])("%i of the command is its own", async (code) => {
    expect((await sh(`exit ${code}`)).exitCode).toBe(code);
  });

  test("a child ended by a signal is its shell's 128+N", async () => {
    expect((await sh("sleep 100 & kill -TERM $!; wait $!")).exitCode).toBe(143);
  });

  test("137 of a container that is killed", async () => {
    await using started = follow("--name", "victim", "busybox", "sh", "-c", "echo up; exec sleep 100");
    await started.see(/up\n/);
    await sandbox.ok("kill", "victim");
    expect(await started.exitCode()).toBe(137);
  });

  const ARM = "Use an image for this machine's architecture";
  test.each([
    [127, "nosuch", 'Cannot run "nosuch": it is in no directory of PATH', "Name a program of the image"],
    [127, "/nosuch", 'Cannot run "/nosuch": there is no such file in the image', "Name a program of the image"],
    [127, "/busybox/x", 'Cannot run "/busybox/x": there is no such file', "Name a program of the image"],
    [126, "/dir", 'Cannot run "/dir": it is a directory', "Name a program in it"],
    [126, "/text", 'Cannot run "/text": permission denied', "chmod +x /text"],
    [126, "/dynamic", "its loader /lib64/ld-linux-x86-64.so.2 is missing in the image", "link the program statically"],
    [126, "/foreign", "it is built for ARM (64 bits), this machine is x86-64", ARM],
    [126, "/script", "its interpreter /nope is missing in the image", "Add the interpreter"],
    [126, "/garbage", "it is neither a program nor a script with a '#!' line", "'#!/bin/sh'"],
    [126, "/empty", "it is neither a program nor a script with a '#!' line", "'#!/bin/sh'"],
    [126, "/short", "it is neither a program nor a script with a '#!' line", "'#!/bin/sh'"],
    [126, "/loop", 'Cannot run "/loop": ELOOP', ""],
  ])("%i for '%s', and the reason", async (code, command, reason, remedy) => {
    await importOddities();
    const { exitCode, stdout, stderr } = await run("oddities", command, "argument");
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
    expect(stderr).toContain(`netctl: Cannot run "${command}": `);
    expect(stderr).toContain(reason);
    expect(stderr).toMatch(/\n {2}try: [A-Z].*\n$/);
    expect(stderr).toContain(remedy);
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("a script with an interpreter that is there runs", async () => {
    await importOddities();
    expect(await run("oddities", "/good", "a b")).toEqual({ stdout: "/good a b\n", stderr: "", exitCode: 9 });
  });
});

let oddities: Promise<unknown> | undefined;

/** Import an image of programs that cannot run; the host's ls stands for a dynamic one. */
async function importOddities(): Promise<void> {
  oddities ??= sandbox.sh(`
    set -e
    mkdir -p ${SANDBOX_DIR}/odd/dir; cd ${SANDBOX_DIR}/odd
    cp /bin/ls dynamic; cp "$(command -v busybox)" busybox; cp busybox foreign
    printf '\\267\\000' | dd of=foreign bs=1 seek=18 conv=notrunc 2>/dev/null # e_machine of elf(5): EM_AARCH64
    head -c 100 busybox > short; : > empty; echo garbage > garbage; echo text > text; ln -s loop loop
    printf '#!/nope -x\n' > script; printf '#!/busybox sh\necho "$0 $@"; exit 9\n' > good
    chmod +x short empty garbage script good
    tar -cf - . | netctl image import oddities`);
  await oddities;
}

describe("netctl run: life", () => {
  test("--rm leaves nothing", async () => {
    await using started = follow("--name", "brief", "-i", "busybox", "sh", "-c", "echo up; cat");
    await started.see(/up\n/);
    const meanwhile = await hostTraces(sandbox);
    expect(meanwhile.namespaces).toContain("brief");
    expect(meanwhile.links).toHaveLength(atFirst.links!.length + 1);
    expect(meanwhile.files!.length).toBeGreaterThan(atFirst.files!.length);
    started.process.stdin?.end();
    expect(await started.exitCode()).toBe(0);
    expect(await hostTraces(sandbox)).toEqual(atFirst);
    expect(await sandbox.json("ps", "-a")).toEqual([]);
    expect(await sandbox.json("ls")).toEqual([]);
  });

  test("without --rm the ended container, its lease and its output stay until rm", async () => {
    expect((await sandbox.netctl("run", "--name", "kept", "busybox", "echo", "text")).stdout).toBe("text\n");
    expect(await sandbox.json("ps")).toEqual([]);
    expect(await sandbox.json("ps", "-a")).toMatchObject([{ name: "kept", state: "exited", exitCode: 0 }]);
    expect(await sandbox.json("ls")).toMatchObject([{ container: "kept", state: "exited" }]);
    expect(await sandbox.ok("logs", "kept")).toBe("text\n");
    const { links, namespaces, cgroups, mounts } = await hostTraces(sandbox);
    expect({ links, namespaces, cgroups, mounts }).toEqual({
      links: atFirst.links,
      namespaces: atFirst.namespaces,
      cgroups: atFirst.cgroups,
      mounts: atFirst.mounts,
    });
    expect(await sandbox.ok("rm", "kept")).toBe("kept\n");
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("-d prints the whole id and nothing else, and a name is made up", async () => {
    const stdout = await sandbox.ok("run", "-d", "busybox", "sleep", "100");
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
    const [{ name, id }] = await sandbox.json<[{ name: string; id: string }]>("ps");
    expect(id).toBe(stdout.trim());
    expect(name).toMatch(/^[a-z0-9][a-z0-9_.-]{0,62}$/);
    expect((await sandbox.sh("ls /run/netns")).stdout.split("\n")).toContain(name);
    expect(await sandbox.ok("rm", "-f", id.slice(0, 12))).toBe(`${id.slice(0, 12)}\n`);
  });

  test("-d --rm removes the container when it ends", async () => {
    await sandbox.ok("run", "-d", "--rm", "--name", "gone", "busybox", "sh", "-c", "sleep 0.1");
    await sandbox.sh('while [ -n "$(netctl ps -aq; ip -o link show master br0)" ]; do sleep 0.02; done');
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("ctrl-c without -t is handed on to the container", async () => {
    await using started = followInTerminal(
      "busybox",
      "sh",
      "-c",
      "trap 'echo interrupted; exit 7' INT; echo up; while :; do sleep 0.05; done",
    );
    await started.see(/up/);
    started.type("\x03");
    await started.see(/interrupted/);
    expect(await started.exitCode()).toBe(7);
  });

  test.each(["TERM", "HUP", "USR1"])("SIG%s to netctl is handed on to the container", async (signal) => {
    const script = `trap 'echo got it; exit 8' ${signal}; echo up; while :; do sleep 0.05; done`;
    await using started = follow("--name", "signalled", "busybox", "sh", "-c", script);
    await started.see(/up\n/);
    await sandbox.sh(`for p in /proc/[0-9]*; do
      tr '\\0' ' ' 2>/dev/null < $p/cmdline | grep -q 'netctl.* run --rm --name signalled' && kill -${signal} \${p#/proc/}; done`);
    await started.see(/got it\n/);
    expect(await started.exitCode()).toBe(8);
  });

  test("a container whose netctl was killed goes on", async () => {
    await using started = follow("--name", "orphan", "busybox", "sh", "-c", "echo up; sleep 100");
    await started.see(/up\n/);
    await sandbox.sh(`for p in /proc/[0-9]*; do
      tr '\\0' ' ' 2>/dev/null < $p/cmdline | grep -q 'netctl.* run --rm --name orphan' && kill -KILL \${p#/proc/}; done`);
    await started.exitCode();
    expect(await sandbox.json("ps")).toMatchObject([{ name: "orphan", state: "running" }]);
    await sandbox.ok("rm", "-f", "orphan");
  });
});

describe("netctl run -t", () => {
  test("gives a terminal of the size of ours, and resizes it", async () => {
    await using started = followInTerminal("-it", "busybox", "sh");
    await started.see(/# /);
    started.resize(41, 97);
    started.type("tty; stty size; echo $TERM; test -t 0 && test -t 1 && test -t 2 && echo all\n");
    await started.see(/\/dev\/(console|pts\/0)\r\n/);
    await started.see(/41 97\r\n/);
    await started.see(/xterm\r\nall\r\n/);
    started.type("exit 5\n");
    expect(await started.exitCode()).toBe(5);
  });

  test("tells what runs in the foreground when our window changes its size", async () => {
    const script = "trap 'echo now $(stty size)' WINCH; echo up; while :; do sleep 0.05; done";
    await using started = followInTerminal("-it", "--name", "window", "busybox", "sh", "-c", script);
    await started.see(/up/);
    started.resize(33, 77);
    await started.see(/now 33 77\r\n/);
    await sandbox.ok("kill", "window");
    expect(await started.exitCode()).toBe(137);
  });

  test("has job control: ctrl-z, fg and ctrl-c, and ctrl-d ends the shell", async () => {
    await using started = followInTerminal("-it", "busybox", "sh");
    await started.see(/# /);
    const job = "sh -c 'echo star''ted; exec sleep 1000'";
    started.type(`${job}\n`);
    await started.see(/started/);
    started.type("\x1a");
    await started.see(/\[1\]\+ +Stopped +sh -c/);
    started.type("fg\n");
    await started.see(/fg\r\nsh -c/);
    started.type("\x03");
    await started.see(/# /);
    started.type("echo code $?\n");
    await started.see(/code 130\r\n/);
    started.type("\x04");
    expect(await started.exitCode()).toBe(0);
    expect(started.stdout).not.toContain("job control");
  });

  test("leaves our own terminal as it was, also when the container is killed", async () => {
    for (const end of ["exit", "kill"]) {
      const script = "stty -g; netctl run --rm -it --name raw busybox sh; echo; stty -g";
      await using started = sandbox.startInTerminal("sh", "-c", script);
      const [before] = await started.see(/^[0-9a-f:]+/);
      await started.see(/# /);
      expect(started.terminalSettings()).not.toBe(before);
      if (end === "kill") await sandbox.ok("kill", "raw");
      else started.type("exit\n");
      const after = await started.see(/\n([0-9a-f]+:[0-9a-f:]+)\r\n/);
      expect(after[1]).toBe(before);
    }
  });

  test("-t alone has a terminal without our input", async () => {
    expect(await run("-t", "busybox", "sh", "-c", "test -t 1 && echo yes; echo err >&2")).toEqual({
      stdout: "yes\r\nerr\r\n",
      stderr: "",
      exitCode: 0,
    });
  });

  test("-it without a terminal of ours is refused, with docker's code", async () => {
    const { exitCode, stderr } = await run("-it", "busybox", "sh");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the input device is not a TTY");
    expect(await sandbox.json("ps", "-a")).toEqual([]);
  });

  test("ctrl-p ctrl-q leaves it running, and attach comes back to it", async () => {
    await using started = sandbox.startInTerminal("netctl", "run", "-it", "--name", "left", "busybox", "sh");
    await started.see(/# /);
    started.type("echo $((6*7))\n");
    await started.see(/42\r\n/);
    started.type("\x10\x11");
    expect(await started.exitCode()).toBe(0);
    expect(await sandbox.json("ps")).toMatchObject([{ name: "left", state: "running" }]);
    await using again = sandbox.startInTerminal("netctl", "attach", "left");
    again.type("echo back $((6*8))\n");
    await again.see(/back 48\r\n/);
    again.type("exit 6\n");
    expect(await again.exitCode()).toBe(6);
    await sandbox.ok("rm", "left");
  });
});
