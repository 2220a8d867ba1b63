import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SANDBOX_DIR } from "../../src/sandbox/mounts.ts";
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

/** Run lines of sh in a container with these options and return what they print. */
async function inside(options: string[], script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await sandbox.netctl("run", "--rm", ...options, "busybox", "sh", "-c", script);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout;
}

const lines = (text: string): string[] => text.trimEnd().split("\n");

describe("netctl run: what the process is given", () => {
  test("-e sets variables, takes ours when none is given, and leaves out what we lack", async () => {
    const { stdout } = await sandbox.runWith(
      { env: { OURS: "from here" } },
      ...(["netctl", "run", "--rm", "-e", "A=1", "-e", "B=two words", "-e", "OURS", "-e", "LACKED_BY_US"] as const),
      ...["-e", "PATH=/bin", "-e", "EMPTY=", "busybox", "/usr/bin/env"],
    );
    expect(lines(stdout).toSorted()).toEqual(
      [
        "A=1",
        "B=two words",
        "EMPTY=",
        "HOME=/root",
        stdout.match(/^HOSTNAME=.*$/m)?.[0],
        "OURS=from here",
        "PATH=/bin",
      ].toSorted(),
    );
  });

  test("-w starts in a directory, made when it is missing", async () => {
    expect(await inside(["-w", "/tmp"], "pwd; readlink /proc/self/cwd")).toBe("/tmp\n/tmp\n");
    expect(await inside(["-w", "/new/dir"], "pwd; stat -c '%a %u' .")).toBe("/new/dir\n755 0\n");
  });

  test.each([
    ["1000", "1000 0"],
    ["1000:1001", "1000 1001"],
    ["nobody", "65534 65534"],
    ["nobody:wheel", "65534 10"],
    ["0:5", "0 5"],
  ])("-u %s", async (user, ids) => {
    expect(await inside(["-u", user], "echo $(id -u) $(id -g); touch /tmp/x && stat -c '%u %g' /tmp/x")).toBe(
      `${ids}\n${ids}\n`,
    );
  });

  test("-u gives the groups of the user, with its own among them, as docker does", async () => {
    expect(await inside([], "sed -n 's/^Groups:.//p' /proc/self/status")).toBe("0 10 \n");
    expect(await inside(["-u", "5:6"], "sed -n 's/^Groups:.//p' /proc/self/status")).toBe("6 \n");
  });

  test("-u: a user that is not root may write to its own streams and listen on port 80", async () => {
    const script = "echo text > /dev/stdout; httpd -p 80 -h /etc; wget -qO- http://127.0.0.1/hostname";
    expect(await inside(["-u", "1000", "--hostname", "box"], script)).toBe("text\nbox\n");
  });

  test("--cap-add and --cap-drop change the capabilities", async () => {
    const effective = "sed -n 's/^CapEff:.//p' /proc/self/status";
    expect(await inside(["--cap-drop", "ALL"], effective)).toBe("0000000000000000\n");
    expect(await inside(["--cap-drop", "all", "--cap-add", "NET_RAW"], effective)).toBe("0000000000002000\n");
    expect(await inside(["--cap-add", "CAP_NET_ADMIN", "--cap-drop", "chown"], effective)).toBe("00000000a80435fa\n");
    expect(await inside(["--cap-add", "NET_ADMIN"], "ip link set lo down && echo down")).toBe("down\n");
    expect(parseInt(await inside(["--cap-add", "ALL"], effective), 16)).toBeGreaterThan(0xa80425fb);
  });

  test("--security-opt no-new-privileges, in each of docker's spellings", async () => {
    for (const option of ["no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"]) {
      expect(await inside(["--security-opt", option], "sed -n 's/^NoNewPrivs:.//p' /proc/self/status")).toBe("1\n");
    }
  });
});

describe("netctl run: file systems", () => {
  test("-v shows a directory and a file of the host, to be written to, or :ro not", async () => {
    await sandbox.sh(`mkdir -p ${SANDBOX_DIR}/dir; echo text > ${SANDBOX_DIR}/dir/file`);
    const dir = `${SANDBOX_DIR}/dir`;
    expect(await inside(["-v", `${dir}:/data`], "cat /data/file; echo new > /data/made")).toBe("text\n");
    expect((await sandbox.run("cat", `${dir}/made`)).stdout).toBe("new\n");
    expect(await inside(["-v", `${dir}/file:/etc/one:ro`], "cat /etc/one; ! echo x 2>/dev/null > /etc/one")).toBe(
      "text\n",
    );
    expect(
      await inside(["-v", `${dir}:/data:ro`], "touch /data/x 2>&1 | sed 's/.*: //'; mount | grep -c ' /data .*(ro,'"),
    ).toBe("Read-only file system\n1\n");
    const { stdout } = await sandbox.sh(`cd ${SANDBOX_DIR}; netctl run --rm -v ./dir:/d busybox cat /d/file`);
    expect(stdout).toBe("text\n");
  });

  test("-v :ro holds for what is mounted below, too", async () => {
    await sandbox.sh(`mkdir -p ${SANDBOX_DIR}/top/below; mount -t tmpfs none ${SANDBOX_DIR}/top/below`);
    expect(await inside(["-v", `${SANDBOX_DIR}/top:/top:ro`], "touch /top/below/x 2>&1 | sed 's/.*: //'")).toBe(
      "Read-only file system\n",
    );
    await sandbox.sh(`umount ${SANDBOX_DIR}/top/below`);
  });

  test("--read-only leaves only /dev and what is mounted to write to", async () => {
    await sandbox.sh(`mkdir -p ${SANDBOX_DIR}/rw`);
    const script =
      "for f in /x /tmp/x /etc/x; do touch $f 2>&1 | sed 's/.*: //'; done; touch /dev/shm/x /rw/x && echo fine";
    expect(await inside(["--read-only", "-v", `${SANDBOX_DIR}/rw:/rw`], script)).toBe(
      "Read-only file system\nRead-only file system\nRead-only file system\nfine\n",
    );
  });
});

describe("netctl run: the network", () => {
  test("--ip, --mac and --hostname are seen inside, in ls and in inspect", async () => {
    const options = ["--name", "fixed", "--ip", "172.16.0.77", "--mac", "02:00:00:00:00:77", "--hostname", "box"];
    await sandbox.ok("run", "-d", ...options, "busybox", "sleep", "1000");
    const address = await sandbox.ok("exec", "fixed", "ip", "address", "show", "dev", "eth0");
    expect(address).toContain("link/ether 02:00:00:00:00:77 ");
    expect(address).toContain("inet 172.16.0.77/24 brd 172.16.0.255 ");
    expect(await sandbox.ok("exec", "fixed", "sh", "-c", "hostname; ip route")).toBe(
      "box\ndefault via 172.16.0.1 dev eth0 \n172.16.0.0/24 dev eth0 scope link  src 172.16.0.77 \n",
    );
    const [info] = await sandbox.json<[NetworkedInfo]>("inspect", "fixed");
    expect(info).toMatchObject({ hostname: "box", endpoint: { address: "172.16.0.77", mac: "02:00:00:00:00:77" } });
    const { stdout } = await sandbox.run("ip", "-json", "link", "show", "dev", info.endpoint.hostInterface);
    expect(JSON.parse(stdout)).toMatchObject([{ master: "br0", operstate: "UP" }]);
    expect(
      lines(await sandbox.ok("ls"))
        .slice(1)
        .map((line) => line.split(/ {2,}/).slice(0, 6)),
    ).toEqual([["172.16.0.77", "02:00:00:00:00:77", "fixed", "default", info.endpoint.hostInterface, "running"]]);
    await sandbox.ok("rm", "-f", "fixed");
  });

  test("--network default is the one there is", async () => {
    expect(await inside(["--network", "default"], "ip route | head -n 1")).toBe("default via 172.16.0.1 dev eth0 \n");
  });

  test("--add-host adds to /etc/hosts and is resolved", async () => {
    expect(
      await inside(
        ["--add-host", "other.example:192.0.2.7"],
        "grep other /etc/hosts; ping -c1 -w1 other.example | head -n1",
      ),
    ).toBe("192.0.2.7\tother.example\nPING other.example (192.0.2.7): 56 data bytes\n");
  });

  test("--dns asks another server for names that are not containers'", async () => {
    const lookup = "nslookup -type=a www.example.net >/dev/null && echo found || echo none";
    expect(await inside(["--dns", "203.0.113.53"], lookup)).toBe("found\n");
    // Nothing listens there: the answer is a failure.
    expect(await inside(["--dns", "203.0.113.80"], lookup)).toBe("none\n");
    expect(await inside([], lookup)).toBe("found\n");
  });
});

describe("netctl run: limits", () => {
  test("--memory, --cpus and --pids-limit are in the cgroup, which is gone afterwards", async () => {
    await sandbox.ok(
      ...[
        "run",
        "-d",
        "--name",
        "limited",
        "--memory",
        "64m",
        "--cpus",
        "0.5",
        "--pids-limit",
        "20",
        "busybox",
        "sleep",
        "1000",
      ],
    );
    const { stdout } = await sandbox.sh(
      `pid=$(netctl inspect limited | sed -n 's/.*"pid": //p' | tr -d ,)
       find /sys/fs/cgroup -name cgroup.procs | xargs grep -lx $pid | xargs -n1 dirname | while read d; do
         for f in memory.limit_in_bytes cpu.cfs_quota_us cpu.cfs_period_us pids.max memory.max cpu.max; do
           [ -f $d/$f ] && echo "$f $(cat $d/$f)"; done; done | sort`,
    );
    expect(stdout).toMatch(/^(memory\.limit_in_bytes|memory\.max) 67108864$/m);
    expect(stdout).toMatch(/^(cpu\.cfs_quota_us 50000|cpu\.max 50000 100000)$/m);
    expect(stdout).toMatch(/^pids\.max 20$/m);
    await sandbox.ok("rm", "-f", "limited");
    expect((await hostTraces(sandbox)).cgroups).toEqual(atFirst.cgroups);
  });

  test("--memory: who takes more is killed, with 137", async () => {
    const { exitCode } = await sandbox.netctl(
      ...[
        "run",
        "--rm",
        "--memory",
        "8m",
        "busybox",
        "sh",
        "-c",
        "x=$(head -c 30000000 /dev/zero | tr '\\0' x); echo ${#x}",
      ],
    );
    expect(exitCode).toBe(137);
  });

  test("--pids-limit: the process too many is refused", async () => {
    const { stdout, stderr } = await sandbox.netctl(
      ...["run", "--rm", "--pids-limit", "3", "busybox", "sh", "-c", "sleep 9 & sleep 9 & sleep 9 & echo unreached"],
    );
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "sh: can't fork: Resource temporarily unavailable\n" });
  });
});

describe("netctl run: labels", () => {
  test("--label is kept in inspect and in ps --json", async () => {
    await sandbox.ok("run", "--name", "labelled", "--label", "a=b=c", "-l", "bare", "busybox", "true");
    expect(await sandbox.json("inspect", "labelled")).toMatchObject([{ labels: { a: "b=c", bare: "" } }]);
    await sandbox.ok("rm", "labelled");
  });
});

describe("netctl run: usage errors", () => {
  test.each([
    [["--nosuch", "busybox"], "unknown option '--nosuch'", "netctl run -h"],
    [[], "missing required argument 'image'", "netctl run -h"],
    [["--restart", "often", "busybox"], "Cannot take restart policy 'often'", "on-failure:5"],
    [["--security-opt", "apparmor=x", "busybox"], "Cannot take security option 'apparmor=x'", "seccomp"],
    [["--security-opt", "seccomp=/x.json", "busybox"], "Cannot read the seccomp profile '/x.json'", "seccomp=FILE"],
    [["--memory", "1k", "busybox"], "Cannot limit memory to '1k': at least 6m", "--memory 64m"],
    [["--memory", "lots", "busybox"], "'lots'", "64m"],
    [["--cpus", "0", "busybox"], "Cannot read --cpus '0'", "--cpus 0.5"],
    [["--pids-limit", "many", "busybox"], "Cannot read --pids-limit 'many'", ""],
    [["-v", "nocolon", "busybox"], "'nocolon'", ""],
    [["-v", "/a:relative", "busybox"], "relative", ""],
    [["-v", "/a:/b:rx", "busybox"], "rx", ""],
    [["-e", "=x", "busybox"], "'=x'", ""],
    [["--add-host", "nocolon", "busybox"], "'nocolon'", ""],
  ])("%j exit with 2 and leave nothing", async (argv, reason, remedy) => {
    const { stdout, stderr, exitCode } = await sandbox.netctl("run", "--rm", ...argv);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toMatch(/^netctl: Cannot .*\n {2}try: .*\n$/);
    expect(stderr).toContain(reason);
    expect(stderr).toContain(remedy);
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test.each([
    [["-u", "nosuch", "busybox", "id"], "Cannot run as user 'nosuch': the image's /etc/passwd has none of that name"],
    [["-u", "0:nosuch", "busybox", "id"], "Cannot run as group 'nosuch': the image's /etc/group has none of that name"],
    [["--cap-add", "NOSUCH", "busybox", "id"], "Cannot use capability 'NOSUCH'"],
    [["--mount", "type=bind,source=/nosuch/source,target=/x", "busybox", "id"], "/nosuch/source"],
    [["-v", "/etc/passwd:/tmp", "busybox", "id"], 'Cannot mount on "/tmp": it is a directory, a file is needed'],
    [["-v", "/etc:/etc/passwd", "busybox", "id"], 'Cannot mount on "/etc/passwd": it is a file, a directory is needed'],
    [["-v", "/etc:/", "busybox", "id"], "mount target '/'"],
    [["-w", "relative", "busybox", "id"], "relative"],
    [["-w", "/etc/passwd", "busybox", "id"], "/etc/passwd"],
    [["--hostname", "-bad-", "busybox", "id"], "-bad-"],
    [["--add-host", "x:1.2.3", "busybox", "id"], "1.2.3"],
    [["--dns", "nowhere", "busybox", "id"], "nowhere"],
  ])("%j exit with 125 and leave nothing", async (argv, reason) => {
    const { stdout, stderr, exitCode } = await sandbox.netctl("run", "--rm", ...argv);
    expect({ stdout, exitCode, stderr }).toEqual({
      stdout: "",
      exitCode: 125,
      stderr: expect.stringContaining(reason),
    });
    expect(stderr).toMatch(/^netctl: Cannot .*\n {2}try: .*\n$/);
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });
});
