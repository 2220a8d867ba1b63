import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SANDBOX_DIR } from "../../src/sandbox/mounts.ts";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Run lines of sh in a default container and return what they print. */
async function inside(script: string, ...options: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await sandbox.netctl("run", "--rm", ...options, "busybox", "sh", "-c", script);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout;
}

const lines = (text: string): string[] => text.trimEnd().split("\n");

/** `NAME:\tVALUE` lines of /proc/PID/status. */
function parseStatus(text: string): Record<string, string> {
  return Object.fromEntries(lines(text).map((line) => line.split(/:\t */, 2)));
}

const NAMESPACES = ["cgroup", "ipc", "mnt", "net", "pid", "uts"];

describe("a default container: processes", () => {
  test("has pid, mount, uts, ipc, net and cgroup namespaces of its own, and the host's user namespace", async () => {
    const script = "for n in cgroup ipc mnt net pid uts user; do readlink /proc/self/ns/$n; done";
    const own = lines(await inside(script));
    const hosts = lines((await sandbox.sh(script)).stdout);
    expect(own.map((name) => name.split(":")[0])).toEqual([...NAMESPACES, "user"]);
    expect(own.filter((name) => hosts.includes(name))).toEqual([hosts.at(-1)]);
  });

  test("is process 1, a session leader without a parent or a terminal, and sees only its own", async () => {
    // Fields of stat(5) behind the name: state, parent, group, session, terminal.
    expect(await inside("echo $$; cut -d' ' -f4-7 /proc/1/stat; echo /proc/[0-9]*")).toBe("1\n0 1 1 0\n/proc/1\n");
  });

  test("has descriptors 0, 1 and 2 and no others, as has a command of exec", async () => {
    // ls has the directory itself open.
    expect(await inside("ls /proc/1/fd; ls /proc/self/fd")).toBe("0\n1\n2\n0\n1\n2\n3\n");
    await sandbox.ok("run", "-d", "--name", "host", "busybox", "sleep", "1000");
    expect(await sandbox.ok("exec", "host", "sh", "-c", "ls /proc/$$/fd; true")).toBe("0\n1\n2\n");
    await sandbox.ok("rm", "-f", "host");
  });

  test("starts with nothing of netd's: environment, directory, mask, signals, priority", async () => {
    const env = lines(await inside("tr '\\0' '\\n' < /proc/1/environ; true", "--hostname", "me"));
    expect(env).toEqual([
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOSTNAME=me",
      "HOME=/root",
    ]);
    expect(
      await inside("pwd; readlink /proc/1/cwd; umask; cat /proc/1/oom_score_adj; cut -d' ' -f19 /proc/1/stat"),
    ).toBe("/\n/\n0022\n0\n0\n");
    // Not by way of sh, which ignores SIGQUIT on behalf of its commands.
    const status = parseStatus(await sandbox.ok("run", "--rm", "busybox", "cat", "/proc/self/status"));
    expect(status).toMatchObject({
      SigBlk: "0000000000000000",
      SigIgn: "0000000000000000",
      SigPnd: "0000000000000000",
    });
  });

  test("has docker's capabilities, no new ones to gain, and no_new_privs only on request", async () => {
    const none = "0000000000000000";
    const docker = "00000000a80425fb";
    expect(parseStatus(await inside("cat /proc/self/status"))).toMatchObject({
      Uid: "0\t0\t0\t0",
      Gid: "0\t0\t0\t0",
      CapInh: none,
      CapPrm: docker,
      CapEff: docker,
      CapBnd: docker,
      CapAmb: none,
      NoNewPrivs: "0",
    });
    const other = parseStatus(await inside("cat /proc/self/status", "-u", "1000"));
    expect(other).toMatchObject({ CapPrm: none, CapEff: none, CapBnd: docker, CapAmb: none });
    const strict = parseStatus(await inside("cat /proc/self/status", "--security-opt", "no-new-privileges"));
    expect(strict).toMatchObject({ NoNewPrivs: "1", CapEff: docker });
  });

  test("cannot do what those capabilities do not allow", async () => {
    const attempts = [
      "mount -t tmpfs none /mnt",
      "ip link set lo down",
      "hostname other",
      "chroot / mount -o remount,rw /sys",
    ];
    for (const attempt of attempts) {
      const { exitCode } = await sandbox.netctl("run", "--rm", "busybox", "sh", "-c", `mkdir -p /mnt; ${attempt}`);
      expect({ attempt, failed: exitCode !== 0 }).toEqual({ attempt, failed: true });
    }
  });

  test("has the limits that netd-runtime has", async () => {
    const { runtime } = await sandbox.json<{ runtime: { pid: number } }>("info");
    const { stdout } = await sandbox.run("cat", `/proc/${runtime.pid}/limits`);
    expect(await inside("cat /proc/1/limits")).toBe(stdout);
  });

  test("leaves no zombie behind, nor does a command of exec", async () => {
    await sandbox.ok("run", "-d", "--name", "host", "busybox", "sleep", "1000");
    for (let count = 0; count < 5; count += 1) {
      await sandbox.ok("exec", "host", "true");
      await sandbox.ok("exec", "-d", "host", "true");
      await inside("true");
    }
    const zombies = await sandbox.sh(
      "for try in $(seq 100); do grep -ls '^State:.Z' /proc/[0-9]*/status || exit 0; done",
    );
    expect(zombies.stdout).toBe("");
    await sandbox.ok("rm", "-f", "host");
  });

  test("-w through a descriptor of netd's own does not get out of the root", async () => {
    for (const fd of [0, 3, 5, 7, 8, 9, 10, 12, 17]) {
      const { stdout } = await sandbox.netctl(
        "run",
        "--rm",
        "-w",
        `/proc/self/fd/${fd}`,
        "busybox",
        "ls",
        "../../../..",
      );
      expect(stdout).not.toContain("boot");
    }
  });
});

/** Path to type of each mount, in order. */
const MOUNTS: [string, string][] = [
  ["/", "overlay"],
  ["/proc", "proc"],
  ["/dev", "tmpfs"],
  ["/dev/pts", "devpts"],
  ["/sys", "sysfs"],
  ["/dev/mqueue", "mqueue"],
  ["/dev/shm", "tmpfs"],
  ["/etc/resolv.conf", "tmpfs"],
  ["/etc/hostname", "tmpfs"],
  ["/etc/hosts", "tmpfs"],
];

/** Docker's, as far as this kernel has them. */
const PROTECTED = {
  readOnly: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
  masked: [
    ...[
      "asound",
      "acpi",
      "interrupts",
      "kcore",
      "keys",
      "latency_stats",
      "timer_list",
      "timer_stats",
      "sched_debug",
    ].map((name) => `/proc/${name}`),
    ...["/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"],
  ],
};
const protectedHere = (kind: keyof typeof PROTECTED) => PROTECTED[kind].filter((path) => existsSync(path));

interface Mount {
  path: string;
  type: string;
  options: string[];
  tags: string;
}

/** Lines of mountinfo, proc(5). */
function parseMounts(text: string): Mount[] {
  return lines(text).map((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , , path = "", options = "", ...tags] = before.split(" ");
    return { path, type: after.split(" ")[0] ?? "", options: options.split(","), tags: tags.join(" ") };
  });
}

describe("a default container: file systems", () => {
  test("has exactly these mounts, none of which hears of the host's", async () => {
    const mounts = parseMounts(await inside("cat /proc/self/mountinfo"));
    const [cgroups, others] = [true, false].map((isCgroup) =>
      mounts.filter(({ path }) => path.startsWith("/sys/fs/cgroup") === isCgroup),
    );
    const own = others!.filter(({ path }) => !Object.values(PROTECTED).flat().includes(path));
    expect(own.map(({ path, type }) => [path, type])).toEqual(MOUNTS);
    const rest = others!.filter((mount) => !own.includes(mount)).map(({ path }) => path);
    expect(rest.toSorted()).toEqual([...protectedHere("readOnly"), ...protectedHere("masked")].toSorted());
    for (const { path, options } of cgroups!)
      expect({ path, isReadOnly: options.includes("ro") }).toEqual({ path, isReadOnly: true });
    expect(mounts.map(({ tags }) => tags).join("")).toBe("");
  });

  test("has the nodes and links of /dev that docker makes, and nothing else there", async () => {
    const listing =
      "cd /dev; for f in *; do [ -L $f ] && echo \"$f $(readlink $f)\" || stat -c '%n %F %t:%T %a' $f; done";
    expect(lines(await inside(listing)).toSorted()).toEqual([
      "core /proc/kcore",
      "fd /proc/self/fd",
      "full character special file 1:7 666",
      "mqueue directory 0:0 1777",
      "null character special file 1:3 666",
      "ptmx pts/ptmx",
      "pts directory 0:0 755",
      "random character special file 1:8 666",
      "shm directory 0:0 1777",
      "stderr /proc/self/fd/2",
      "stdin /proc/self/fd/0",
      "stdout /proc/self/fd/1",
      "tty character special file 5:0 666",
      "urandom character special file 1:9 666",
      "zero character special file 1:5 666",
    ]);
    expect(
      await inside("echo text > /dev/stdout; cat /dev/fd/0; head -c 4 /dev/zero | wc -c; echo x > /dev/null"),
    ).toBe("text\n4\n");
  });

  test("cannot use a device node that it makes for itself", async () => {
    const { exitCode, stderr } = await sandbox.netctl(
      ...["run", "--rm", "busybox", "sh", "-c", "mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem"],
    );
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: "head: /tmp/mem: Operation not permitted\n",
    });
  });

  test("has pseudo-terminals of its own", async () => {
    expect(await inside("ls /dev/pts; stat -c %a /dev/pts/ptmx")).toBe("ptmx\n666\n");
    expect(lines(await inside("ls -1 /dev/pts; tty", "-t")).map((line) => line.trim())).toEqual([
      ...["0", "ptmx", "/dev/pts/0"],
    ]);
  });

  test("has message queues and shared memory of its own", async () => {
    await sandbox.sh("mkdir -p /dev/shm; touch /dev/shm/of-the-host");
    expect(await inside("ls /dev/shm /dev/mqueue; echo x > /dev/shm/x && cat /dev/shm/x")).toBe(
      "/dev/mqueue:\n\n/dev/shm:\nx\n",
    );
    await sandbox.sh("rm -f /dev/shm/of-the-host");
  });

  test("has /sys and its cgroups read-only, and of the host's network only its own links", async () => {
    const attempt =
      "for d in /sys /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $d/x 2>&1; done | sed 's/.*: //' | sort -u";
    expect(await inside(attempt)).toBe("Read-only file system\n");
    expect(await inside("ls /sys/class/net")).toBe("eth0\nlo\n");
    expect(await inside("cut -d: -f3 /proc/self/cgroup | sort -u")).toBe("/\n");
  });

  test("has docker's paths of /proc and /sys masked or read-only", async () => {
    const masked = protectedHere("masked");
    expect(masked).not.toEqual([]);
    for (const path of masked) {
      expect(await inside(`if [ -d ${path} ]; then ls -A ${path}; else cat ${path}; fi`)).toBe("");
    }
    expect(protectedHere("readOnly")).toContain("/proc/sys");
    const { stderr } = await sandbox.netctl(
      "run",
      "--rm",
      "busybox",
      "sh",
      "-c",
      "echo other > /proc/sys/kernel/hostname",
    );
    expect(stderr).toContain("Read-only file system");
  });

  test("may write to its own root, which ends with it", async () => {
    expect(await inside("echo x > /new && cat /new && rm -r /home && [ ! -e /home ] && echo gone")).toBe("x\ngone\n");
    expect(await inside("ls -d /new /home 2>/dev/null; true")).toBe("/home\n");
  });
});

describe("a default container: generated files", () => {
  test("/etc/mtab is a link to /proc/mounts, and shows them", async () => {
    expect(await inside("readlink /etc/mtab; cmp /etc/mtab /proc/mounts && echo same")).toBe("/proc/mounts\nsame\n");
  });

  test("/etc/hostname and /etc/hosts tell its name and address, /etc/resolv.conf the bridge's", async () => {
    expect(await inside("hostname; cat /etc/hostname; cat /etc/resolv.conf", "--hostname", "box.example.org")).toBe(
      "box.example.org\nbox.example.org\nnameserver 172.16.0.1\noptions ndots:0\n",
    );
    const hosts = await inside("cat /etc/hosts; hostname -i", "--name", "self", "--ip", "172.16.0.99");
    expect(hosts).toMatch(/^127\.0\.0\.1\tlocalhost$/m);
    expect(hosts).toMatch(/^172\.16\.0\.99\t[0-9a-f]{12}\tself$/m);
    expect(lines(hosts).at(-1)).toContain("172.16.0.99");
  });

  test("are files of its own, and are not the image's to lose", async () => {
    const info = await createIdle("files");
    const { stdout } = await sandbox.run(
      "stat",
      "-c",
      "%i",
      info.files.hosts,
      info.files.hostname,
      info.files.resolvConf,
    );
    expect(
      await sandbox.ok("exec", "files", "stat", "-c", "%i", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"),
    ).toBe(stdout);
    await sandbox.ok("rm", "-f", "files");
  });

  test("hosts is rewritten in place while neighbours come and go", async () => {
    await createIdle("first");
    const inode = await sandbox.ok("exec", "first", "stat", "-c", "%i", "/etc/hosts");
    const { endpoint } = await createIdle("second");
    await sandbox.sh("until netctl exec first grep -q second /etc/hosts; do sleep 0.02; done");
    expect(await sandbox.ok("exec", "first", "grep", "-w", "second", "/etc/hosts")).toMatch(
      new RegExp(`^${endpoint.address.replaceAll(".", "\\.")}\\s.*second`),
    );
    await sandbox.ok("rm", "-f", "second");
    await sandbox.sh("while netctl exec first grep -q second /etc/hosts; do sleep 0.02; done");
    expect(await sandbox.ok("exec", "first", "stat", "-c", "%i", "/etc/hosts")).toBe(inode);
    await sandbox.ok("rm", "-f", "first");
  });
});

describe("a container of a one-file image", () => {
  test("gets the mount points it lacks, and not more than those", async () => {
    await sandbox.sh(`
      mkdir ${SANDBOX_DIR}/one; cp "$(command -v busybox)" ${SANDBOX_DIR}/one/busybox
      tar -C ${SANDBOX_DIR}/one -cf - busybox | netctl image import one`);
    const script = "/busybox ls -A / /etc; /busybox readlink /etc/mtab; /busybox id -u";
    expect(await sandbox.netctl("run", "--rm", "one", "/busybox", "sh", "-c", script)).toEqual({
      stdout: "/:\nbusybox\ndev\netc\nproc\nsys\n\n/etc:\nhostname\nhosts\nmtab\nresolv.conf\n/proc/mounts\n0\n",
      stderr: "",
      exitCode: 0,
    });
  });

  test("pings its gateway and takes volumes and a working directory at new places", async () => {
    await sandbox.sh(`echo text > ${SANDBOX_DIR}/text`);
    const script = "/busybox ping -c 1 -q 172.16.0.1 >&2; /busybox pwd; /busybox cat /new/place/text";
    const options = ["-v", `${SANDBOX_DIR}/text:/new/place/text:ro`, "-w", "/srv/here"];
    const { stdout, exitCode } = await sandbox.netctl("run", "--rm", ...options, "one", "/busybox", "sh", "-c", script);
    expect({ stdout, exitCode }).toEqual({ stdout: "/srv/here\ntext\n", exitCode: 0 });
  });
});

/** Start a container that sleeps. */
async function createIdle(name: string): Promise<NetworkedInfo> {
  await sandbox.ok("run", "-d", "--name", name, "busybox", "sleep", "1000");
  const [info] = await sandbox.json<[NetworkedInfo]>("inspect", name);
  return info;
}
