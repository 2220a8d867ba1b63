import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { DIST, TestSandbox } from "../support/sandbox.ts";

const NETCTL = `${DIST}/netctl.cjs`;
const LIMIT_MS = 10_000;

/** A started `netctl sandbox --no-netd -- COMMAND` and what it wrote. */
function startSandbox(...command: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [NETCTL, "sandbox", "--no-netd", "--", ...command]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  return { child, output: () => output };
}

async function until(condition: () => boolean, what: string, detail = () => ""): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`still waiting ${what} ${detail()}`);
    await delay(10);
  }
}

/** Processes that run a command with this word in it, anywhere on the machine. */
function processesWith(word: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(word);
    } catch {
      return false;
    }
  });
}

/** Directories of a sandbox's cgroup: version 1 has its hierarchies one level down. */
function cgroupsOf(pid: number | undefined): string[] {
  const roots = ["/sys/fs/cgroup", ...readdirSync("/sys/fs/cgroup").map((name) => `/sys/fs/cgroup/${name}`)];
  return roots.map((root) => `${root}/netd-sandbox-${pid}`).filter((path) => existsSync(path));
}

function childOf(pid: number | undefined): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]);
}

describe("netctl sandbox", () => {
  test("is a private host with an uplink to a pretend internet", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    const { stdout } = await sandbox.run("ip", "-json", "address", "show", "dev", "up0");
    const addresses = (JSON.parse(stdout) as [{ addr_info: { local: string; prefixlen: number; scope: string }[] }])[0];
    expect(addresses.addr_info.filter(({ scope }) => scope === "global")).toMatchObject([
      { local: "198.51.100.2", prefixlen: 24 },
      { local: "2001:db8:100::2", prefixlen: 64 },
    ]);
    expect(await sandbox.run("ip", "route", "show", "default")).toMatchObject({
      stdout: "default via 198.51.100.1 dev up0 \n",
    });
    expect(await sandbox.run("ip", "netns", "list")).toMatchObject({ stdout: expect.stringMatching(/^internet/) });
    expect(await sandbox.run("cat", "/etc/resolv.conf")).toMatchObject({ stdout: "nameserver 203.0.113.53\n" });
  });

  test("has a page that tells where the client comes from, on both families", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    for (const [host, from] of [
      ["203.0.113.80", "198.51.100.2"],
      ["[2001:db8:113::80]", "2001:db8:100::2"],
    ]) {
      const { stdout } = await sandbox.run("busybox", "wget", "-qO-", `http://${host}/`);
      expect(stdout).toBe(`This is www.example.net. You come from ${from}.\n`);
    }
  });

  test("has a name server for example.net", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    const { stdout } = await sandbox.run("busybox", "nslookup", "www.example.net");
    expect(stdout).toContain("Address: 203.0.113.80\n");
    expect(stdout).toContain("Address: 2001:db8:113::80\n");
    const missing = await sandbox.run("busybox", "nslookup", "nobody.example.net");
    expect(missing.exitCode).not.toBe(0);
    expect(missing.stdout + missing.stderr).toContain("NXDOMAIN");
  });

  test("has an internet that answers no private address", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.run("ip", "address", "add", "10.9.9.9/32", "dev", "lo");
    const ping = ["busybox", "ping", "-c", "1", "-W", "1"];
    expect((await sandbox.run(ping[0]!, ...ping.slice(1), "203.0.113.80")).exitCode).toBe(0);
    expect((await sandbox.run(ping[0]!, ...ping.slice(1), "-I", "10.9.9.9", "203.0.113.80")).exitCode).toBe(1);
  });

  test.each([
    [["sh", "-c", "exit 7"], 7],
    [["sh", "-c", "kill -TERM $$"], 143],
    [["no-such-command"], 127],
    [["/etc/passwd"], 126],
  ])("ends with the exit code of %j: %d", async (command, exitCode) => {
    const { child } = startSandbox(...command);
    expect((await once(child, "exit"))[0]).toBe(exitCode);
  });

  test("takes away orphans that ended", async () => {
    // A zombie keeps its directory in /proc, and the loop would never end.
    const orphan =
      "orphan=$(sh -c 'sleep 0.01 > /dev/null & echo $!'); while [ -d /proc/$orphan ]; do :; done; echo gone";
    const { child, output } = startSandbox("sh", "-c", orphan);
    await once(child, "close");
    expect(output()).toBe("gone\n");
  });

  test("prints what it does with --show", async () => {
    const child = spawn(process.execPath, [NETCTL, "sandbox", "--show", "--json"]);
    let text = "";
    child.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
    await once(child, "close");
    const { commands } = JSON.parse(text) as { commands: string[] };
    expect(commands[0]).toMatch(/^unshare --mount --net --pid/);
    expect(commands).toContain("ip netns add internet");
  });
});

describe("netctl sandbox leaves no trace", () => {
  /** End a sandbox in some way while a process in a session of its own runs in it; whatever it was, all must go. */
  async function endWith(word: string, end: (child: ChildProcess) => void): Promise<number | null> {
    const { child, output } = startSandbox("sh", "-c", `setsid sleep ${word} & exec sleep ${word}`);
    await until(() => processesWith(word).length === 2, "for both sleeps", output);
    const sandboxPid = childOf(child.pid);
    expect(cgroupsOf(sandboxPid)).not.toEqual([]);
    const exited = once(child, "exit");
    end(child);
    const [exitCode] = (await exited) as [number | null];
    await until(() => processesWith(word).length === 0, "for its processes to end");
    await until(() => cgroupsOf(sandboxPid).length === 0, "for its cgroups to go");
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain("netd-sandbox");
    return exitCode;
  }

  test("when its command ends", async () => {
    const exitCode = await endWith("98761", () => process.kill(Number(processesWith("98761")[0]), "SIGKILL"));
    expect(exitCode).toBe(137);
  });

  test("when netctl gets SIGTERM", async () => {
    expect(await endWith("98762", (child) => child.kill("SIGTERM"))).toBe(143);
  });

  test("when netctl is killed", async () => {
    await endWith("98763", (child) => child.kill("SIGKILL"));
  });

  test("when netd-sandbox is killed", async () => {
    expect(await endWith("98764", (child) => process.kill(childOf(child.pid), "SIGKILL"))).toBe(137);
  });

  test("when Ctrl-C is typed, and gives the terminal back", async () => {
    const sandbox = `${process.execPath} ${NETCTL} sandbox --no-netd -- sh -c 'echo up; exec sleep 98765'`;
    // script(1) makes a terminal; bash is its foreground job, and the sandbox in its turn.
    const child = spawn("script", ["-qec", 'exec bash -c "$LINE"', "/dev/null"], {
      env: { ...process.env, LINE: `${sandbox}; echo code $?; ps -o pgid=,tpgid= -p $$` },
    });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    await until(() => output.includes("up"), "for the sandbox to be up");
    child.stdin.write("\x03");
    await once(child, "close");
    expect(output).toContain("code 130");
    const [group, foreground] = output.trim().split("\n").at(-1)!.trim().split(/\s+/); // the output of ps
    expect(foreground).toBe(group);
    expect(processesWith("98765")).toEqual([]);
  });
});
