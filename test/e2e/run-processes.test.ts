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

async function inside(options: string[], script: string): Promise<string> {
  return await sandbox.ok("run", "--rm", ...options, "busybox", "sh", "-c", script);
}

describe("netctl run: processes", () => {
  test("--sysctl sets parameters of the container, and none of the host", async () => {
    const file = "/proc/sys/net/ipv4/ip_local_port_range";
    const { stdout } = await sandbox.run("cat", file);
    expect(
      await inside(
        ["--sysctl", "net.ipv4.ip_local_port_range=2000 3000", "--sysctl", "kernel.shmmni=77"],
        `cat ${file} /proc/sys/kernel/shmmni`,
      ),
    ).toBe("2000\t3000\n77\n");
    expect((await sandbox.run("cat", file)).stdout).toBe(stdout);
  });

  test("--ulimit sets the soft and the hard limit", async () => {
    expect(await inside(["--ulimit", "nofile=100:200", "--ulimit", "core=0"], "ulimit -n; ulimit -Hn; ulimit -c")).toBe(
      "100\n200\n0\n",
    );
  });

  test("--group-add takes names and numbers", async () => {
    expect(await inside(["-u", "1000", "--group-add", "1234", "--group-add", "root"], "id -G")).toMatch(/^0 1234\n$/);
  });

  test("--oom-score-adj is the process's, and that of further ones", async () => {
    expect(await inside(["--oom-score-adj", "321"], "cat /proc/1/oom_score_adj")).toBe("321\n");
  });

  test("--pid host shows the host's processes, container:NAME those of another container", async () => {
    await sandbox.ok("run", "-d", "--name", "first", "busybox", "sleep", "1000");
    const [first] = await sandbox.json<[ContainerInfo]>("inspect", "first");
    expect(await inside(["--pid", "host"], `cat /proc/${first.pid}/comm`)).toBe("sleep\n");
    expect(await inside(["--pid", "container:first"], "cat /proc/1/comm; echo $$")).toMatch(/^sleep\n([2-9]|\d\d+)\n$/);
    await sandbox.ok("rm", "-f", "first");
    const { stderr, exitCode } = await sandbox.netctl("run", "--rm", "--pid", "container:first", "busybox", "true");
    expect({ stderr, exitCode }).toEqual({ exitCode: 125, stderr: expect.stringContaining("container 'first'") });
  });

  test("--uts host has the host's name", async () => {
    expect(await inside(["--uts", "host"], "hostname; readlink /proc/self/ns/uts")).toBe(
      (await sandbox.run("sh", "-c", "hostname; readlink /proc/self/ns/uts")).stdout,
    );
  });

  test.each([
    [["--sysctl", "novalue"], 2, "Cannot read --sysctl 'novalue'"],
    [["--ulimit", "nofile"], 2, "Cannot read --ulimit 'nofile'"],
    [["--oom-score-adj", "2000"], 2, "--oom-score-adj"],
    [["--uts", "other"], 2, "Cannot use --uts 'other'"],
    [["--userns", "keep-id"], 2, "Cannot use --userns 'keep-id'"],
    [["--uidmap", "0:1"], 125, "the user namespace does not map each of these ids"],
    [["--sysctl", "kernel.hostname=x"], 125, "sysctl 'kernel.hostname'"],
    [["--sysctl", "vm.swappiness=1"], 125, "sysctl 'vm.swappiness', which is the host's"],
    [["--network", "host", "--sysctl", "net.ipv4.ip_forward=1"], 125, "with --network host"],
    [["--ulimit", "as=1"], 125, "a limit 'as'"],
    [["--ulimit", "nofile=2:1"], 125, "a soft limit of nofile above the hard one"],
    [["--pid", "other"], 125, "pid namespace 'other'"],
    [["--uts", "host", "--hostname", "x"], 125, "a host name with --uts host"],
    [["--group-add", "nosuch"], 125, "Cannot run as group 'nosuch'"],
    [["--userns", "auto", "--privileged"], 125, "--privileged with a user namespace"],
  ] as const)("%j exit with %d and say why", async (argv, exitCode, reason) => {
    const result = await sandbox.netctl("run", "--rm", ...argv, "busybox", "true");
    expect(result).toEqual({ stdout: "", exitCode, stderr: expect.stringContaining(reason) });
  });
});

describe("netctl run --userns", () => {
  test("auto makes root inside nobody outside, and shows files as they are", async () => {
    await sandbox.ok("run", "-d", "--name", "mapped", "--userns", "auto", "busybox", "sleep", "1000");
    const [{ pid }] = await sandbox.json<[ContainerInfo]>("inspect", "mapped");
    expect((await sandbox.run("cat", `/proc/${pid}/status`)).stdout).toMatch(/^Uid:\t231072\t231072\t/m);
    expect(
      await sandbox.ok(
        "exec",
        "mapped",
        "sh",
        "-c",
        "id -u; ls -ldn / /bin /etc/hosts /dev/pts | awk '{print $3, $4}' | uniq; touch /x; ls -ln /x | awk '{print $3}'",
      ),
    ).toBe("0\n0 0\n0\n");
    await sandbox.ok("stop", "-t", "0", "mapped");
    await sandbox.ok("start", "mapped");
    expect(await sandbox.ok("exec", "mapped", "ls", "/x")).toBe("/x\n");
    await sandbox.ok("rm", "-f", "mapped");
  });

  test("auto leaves it names, connections and low ports", async () => {
    const script =
      "nslookup -type=a www.example.net > /dev/null && echo named; httpd -p 80 && wget -q -O - http://127.0.0.1/bin/nosuch 2>&1";
    expect(await inside(["--userns", "auto"], `${script} || true`)).toMatch(/^named\nwget: .*404/);
  });

  test("auto shows volumes with their own owners", async () => {
    await sandbox.run("sh", "-c", "mkdir -p /tmp/vol && echo here > /tmp/vol/file");
    expect(
      await inside(
        ["--userns", "auto", "-v", "/tmp/vol:/vol"],
        "cat /vol/file; touch /vol/new; ls -ln /vol/new | awk '{print $3}'",
      ),
    ).toBe("here\n0\n");
    expect((await sandbox.run("stat", "-c", "%u", "/tmp/vol/new")).stdout).toBe("0\n");
    await sandbox.run("rm", "-r", "/tmp/vol");
  });

  test("--uidmap and --gidmap give the ranges", async () => {
    const ranges = ["--uidmap", "0:300000:10", "--uidmap", "1000:400000:1", "--gidmap", "0:500000:100"];
    expect(
      (await inside([...ranges, "-u", "1000:5"], "cat /proc/self/uid_map /proc/self/gid_map; id -u; id -g")).replace(
        / +/g,
        " ",
      ),
    ).toBe(" 0 300000 10\n 1000 400000 1\n 0 500000 100\n1000\n5\n");
  });

  test("host has none", async () => {
    expect(await inside(["--userns", "host"], "cat /proc/self/uid_map")).toMatch(/^ +0 +0 +4294967295\n$/);
  });

  test("a terminal works in it", async () => {
    await using shell = sandbox.startInTerminal("netctl", "run", "--rm", "-it", "--userns", "auto", "busybox", "sh");
    shell.type("tty; echo $((6 * 7))\n");
    await shell.see(/\/dev\/pts\/0\r\n42\r\n/);
    shell.type("exit\n");
  });
});
