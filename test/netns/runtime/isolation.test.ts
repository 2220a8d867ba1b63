import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RuntimeHost } from "../../support/runtime-host.ts";

let host: RuntimeHost;
beforeAll(async () => {
  host = await RuntimeHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

async function shell(script: string, options = {}): Promise<string> {
  const { stdout, stderr } = await host.runContainer(["sh", "-c", script], options);
  return stdout.toString() + stderr.toString();
}

describe("a default container", () => {
  test("start gives it namespaces of its own, all six of them", async () => {
    const inside = await shell("for n in pid mnt uts ipc net cgroup; do ls -l /proc/self/ns/$n; done");
    const own = ["pid", "mnt", "uts", "ipc", "net", "cgroup"].map((name) => readlinkSync(`/proc/self/ns/${name}`));
    expect(inside.match(/\w+:\[\d+\]/g)).toHaveLength(6);
    for (const link of own) expect(inside).not.toContain(link);
  });

  test("start makes its command process 1, alone in its /proc", async () => {
    expect(await shell("echo $$; ls /proc | grep -c '^[0-9]'; echo /proc/[0-9]*")).toMatch(/^1\n/);
    expect(await shell("echo /proc/[0-9]*")).toBe("/proc/1\n");
  });

  test("start sets the host name in it and leaves the host's", async () => {
    const before = readFileSync("/proc/sys/kernel/hostname", "utf8");
    expect(await shell("hostname")).toBe("web\n");
    expect(readFileSync("/proc/sys/kernel/hostname", "utf8")).toBe(before);
  });

  test("start mounts what a container has and nothing of the host", async () => {
    const mounts = (await shell("cat /proc/mounts"))
      .trim()
      .split("\n")
      .map((line) => line.split(" ").slice(0, 3).join(" "));
    expect(mounts.filter((line) => !line.includes("/sys/fs/cgroup/"))).toEqual(
      [
        "overlay / overlay",
        "proc /proc proc",
        "tmpfs /dev tmpfs",
        "devpts /dev/pts devpts",
        "sysfs /sys sysfs",
        "tmpfs /sys/fs/cgroup tmpfs",
        "mqueue /dev/mqueue mqueue",
        "shm /dev/shm tmpfs",
        ...["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"].map(
          (path) => `proc ${path} proc`,
        ),
        ...["/proc/kcore", "/proc/keys", "/proc/timer_list"].map((path) => `devtmpfs ${path} devtmpfs`),
        "tmpfs /proc/scsi tmpfs",
        "tmpfs /sys/firmware tmpfs",
      ].filter((line) => exists(line.split(" ")[1]!)),
    );
  });

  test("start leaves no mount on the host", async () => {
    await shell("true");
    expect(host.run("cat", "/proc/mounts")).not.toContain("container-");
  });

  test("start gives it docker's default capabilities in all sets that a root has", async () => {
    const status = await shell("cat /proc/self/status");
    expect(status).toMatch(
      /CapInh:\s0{16}\nCapPrm:\s00000000a80425fb\nCapEff:\s00000000a80425fb\nCapBnd:\s00000000a80425fb\nCapAmb:\s0{16}/,
    );
    expect(status).toMatch(/NoNewPrivs:\s0/);
  });

  test("start gives it no descriptor but the three standard streams", async () => {
    expect(await shell("exec ls /proc/self/fd")).toBe("0\n1\n2\n3\n"); // 3 is the directory that ls reads
  });

  test("start resets signals: none is blocked, ignored or caught", async () => {
    const { stdout } = await host.runContainer(["cat", "/proc/self/status"]);
    expect(stdout.toString()).toMatch(/SigBlk:\s0{16}\nSigIgn:\s0{16}\nSigCgt:\s0{16}/);
  });

  test("start fills /dev with the usual nodes and links", async () => {
    const listing = await shell("ls -l /dev");
    for (const [name, numbers] of [
      ["null", "1,   3"],
      ["zero", "1,   5"],
      ["full", "1,   7"],
      ["random", "1,   8"],
      ["urandom", "1,   9"],
      ["tty", "5,   0"],
    ]) {
      expect(listing).toMatch(new RegExp(`crw-rw-rw- .* ${numbers} .* ${name}\n`));
    }
    for (const link of ["fd -> /proc/self/fd", "stdin -> /proc/self/fd/0", "ptmx -> pts/ptmx", "core -> /proc/kcore"]) {
      expect(listing).toContain(link);
    }
    expect(await shell("ls -l /etc/mtab")).toContain("/etc/mtab -> /proc/mounts");
  });

  test("start masks files and directories of /proc and /sys", async () => {
    expect(await shell("cat /proc/keys | wc -c; ls /sys/firmware | wc -l")).toBe("0\n0\n");
  });

  test("start makes /proc/sys, sysfs and cgroups read-only", async () => {
    const text = await shell(
      "echo 1 > /proc/sys/net/ipv4/ip_forward; mkdir /sys/kernel/x; mkdir /sys/fs/cgroup/x; mkdir /sys/fs/cgroup/pids/x; true",
    );
    expect(text.match(/Read-only file system/g)).toHaveLength(4);
  });

  test("start shows it its own cgroup as the root", async () => {
    expect(await shell("cat /proc/self/cgroup")).toMatch(/:memory:\/$/m);
    expect(await shell("cat /sys/fs/cgroup/pids/cgroup.procs")).toContain("1\n");
  });

  test("start sets limits in its cgroup", async () => {
    const resources = { memory: { limit: 64 << 20 }, pids: { limit: 20 }, cpu: { quota: 50_000, period: 100_000 } };
    expect(
      await shell("cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us", {
        resources,
      }),
    ).toBe("67108864\n20\n50000\n");
  });

  test("start leaves no cgroup once the container is removed", async () => {
    await shell("true");
    const left = readdirSync("/sys/fs/cgroup").flatMap((hierarchy) =>
      listOrEmpty(`/sys/fs/cgroup/${hierarchy}${host.cgroupParent}`),
    );
    expect(left).toEqual([]);
  });
});

describe("a container with wishes", () => {
  test("start makes the root read-only on request, but not what is mounted on it", async () => {
    expect(await shell("touch /x; touch /dev/shm/x && echo ok", { isReadonly: true })).toMatch(
      /Read-only file system\n?[\s\S]*ok|ok[\s\S]*Read-only/,
    );
  });

  test("start becomes another user with its groups and without capabilities", async () => {
    const none = { bounding: ["CAP_CHOWN"], effective: [], permitted: [], inheritable: [], ambient: [] };
    const process = { user: { uid: 1000, gid: 1001, additionalGids: [5, 7], umask: 0o077 }, capabilities: none };
    const text = await shell("id; grep Cap /proc/self/status; umask; echo x > /dev/stdout", { process });
    expect(text).toContain("uid=1000 gid=1001 groups=5,7");
    expect(text).toMatch(/CapPrm:\s0{16}\nCapEff:\s0{16}\nCapBnd:\s0{15}1/);
    expect(text).toContain("0077\nx\n");
  });

  test("start raises ambient capabilities", async () => {
    const sets = ["CAP_NET_RAW"];
    const process = {
      user: { uid: 1000, gid: 1000 },
      capabilities: { bounding: sets, effective: sets, permitted: sets, inheritable: sets, ambient: sets },
    };
    expect(await shell("grep -E 'CapEff|CapAmb' /proc/self/status", { process })).toMatch(
      /CapEff:\s0{12}2000\nCapAmb:\s0{12}2000/,
    );
  });

  test("start sets no_new_privs and limits on request", async () => {
    const rlimits = [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 }];
    const text = await shell("grep NoNewPrivs /proc/self/status; grep 'open files' /proc/self/limits", {
      process: { noNewPrivileges: true, rlimits },
    });
    expect(text).toMatch(/NoNewPrivs:\s1\n.*100\s+200/);
  });

  test("start makes a working directory that the image lacks", async () => {
    expect(await shell("pwd", { process: { cwd: "/srv/app" } })).toBe("/srv/app\n");
  });

  test("start refuses an unknown capability by its name", async () => {
    const sets = { bounding: ["CAP_FLY"], effective: [], permitted: [], inheritable: [], ambient: [] };
    await expect(shell("true", { process: { capabilities: sets } })).rejects.toThrow(/CAP_FLY.*no such capability/);
  });
});

function exists(path: string): boolean {
  // Absent on this kernel, absent in the container.
  return !path.startsWith("/proc/") && !path.startsWith("/sys/f") ? true : listable(path);
}

function listable(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

function listOrEmpty(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
