import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OciConfig, OciProcess, StartParams } from "../../../src/runtime/index.ts";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream } from "../../support/stream-result.ts";

let host: RuntimeHost;
beforeAll(async () => {
  host = await RuntimeHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

interface Changes {
  process?: Partial<OciProcess>;
  linux?: Partial<OciConfig["linux"]>;
  config?: Partial<OciConfig>;
}

function params(args: string[], { process, linux, config }: Changes): StartParams {
  const made = host.params(args, process === undefined ? {} : { process });
  Object.assign(made.config, config);
  Object.assign(made.config.linux, linux);
  return made;
}

/** What a container prints. */
async function output(script: string, changes: Changes): Promise<string> {
  const made = params(["sh", "-c", script], changes);
  const { stdout, stderr } = await collectStream(await host.client.openStream("start", made));
  await host.client.call("remove", { containerId: made.containerId });
  return stdout.toString() + stderr.toString();
}

/** What a command of the host says of a container's process. */
async function witness(changes: Changes, ...command: string[]): Promise<string> {
  const made = params(["sleep", "1000"], changes);
  const { pid } = await host.client.call("start", made);
  const text = host.run(...command.map((word) => word.replaceAll("PID", String(pid))));
  await host.client.call("remove", { containerId: made.containerId });
  return text;
}

describe("process attributes", () => {
  test("start gives a process its ids, groups and umask", async () => {
    const user = { uid: 1000, gid: 1001, additionalGids: [5, 7], umask: 0o27 };
    const status = await witness({ process: { user } }, "cat", "/proc/PID/status");
    expect(status).toMatch(/^Umask:\t0027$/m);
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
    expect(status).toMatch(/^Groups:\t5 7 $/m);
  });

  test("start gives a process exactly its five sets of capabilities", async () => {
    const capabilities = {
      bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
      effective: ["CAP_CHOWN"],
      permitted: ["CAP_CHOWN", "CAP_KILL"],
      inheritable: ["CAP_KILL"],
      ambient: ["CAP_KILL"],
    };
    const status = await witness({ process: { capabilities, user: { uid: 1000, gid: 0 } } }, "cat", "/proc/PID/status");
    // Of a user who is not root, an exec keeps the ambient set: permitted and effective become it.
    expect(
      Object.fromEntries([...status.matchAll(/^Cap(\w+):\t(\w+)$/gm)].map(([, set, bits]) => [set, bits])),
    ).toEqual({
      Inh: "0000000000000020",
      Prm: "0000000000000020",
      Eff: "0000000000000020",
      Bnd: "0000000000002021",
      Amb: "0000000000000020",
    });
  });

  test("start sets every kind of limit", async () => {
    const kinds =
      "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME".split(" ");
    const before = await witness({}, "cat", "/proc/PID/limits");
    const hardOf = (text: string) =>
      text
        .split("\n")
        .slice(1, -1)
        .map((line) => line.slice(47, 67).trim());
    expect(hardOf(before)).toHaveLength(kinds.length);
    const wanted: Record<string, number> = { NICE: 0, RTPRIO: 0, MSGQUEUE: 4096, MEMLOCK: 4096 };
    const rlimits = kinds.map((kind) => {
      const value = wanted[kind] ?? (/AS|DATA|STACK|FSIZE|RSS/.test(kind) ? 1 << 30 : 100);
      return { type: `RLIMIT_${kind}`, soft: value, hard: value };
    });
    const after = await witness(
      { process: { rlimits } },
      "prlimit",
      "--pid=PID",
      "--output=RESOURCE,SOFT,HARD",
      "--noheadings",
    );
    for (const { type, soft, hard } of rlimits) {
      expect(after).toMatch(new RegExp(`^${type.replace("RLIMIT_", "")} +${soft} +${hard}$`, "m"));
    }
  });

  test("start tells that a hard limit can't be raised", async () => {
    const rlimits = [{ type: "RLIMIT_NOFILE", soft: 1_000_000, hard: 1_000_000 }];
    const limit = host.run("sh", "-c", "ulimit -Hn").trim();
    if (limit === "unlimited" || Number(limit) >= 1_000_000)
      throw new Error("the hard limit of this host is too high for the test");
    await expect(host.client.call("start", params(["true"], { process: { rlimits } }))).rejects.toThrow(
      "Cannot set the limit RLIMIT_NOFILE to 1000000: the hard limit of the runtime is lower, and it lacks CAP_SYS_RESOURCE",
    );
  });

  test("start adjusts the score of who is killed when memory is short", async () => {
    expect(await witness({ process: { oomScoreAdj: 321 } }, "cat", "/proc/PID/oom_score_adj")).toBe("321\n");
    await expect(host.client.call("start", params(["true"], { process: { oomScoreAdj: -900 } }))).rejects.toThrow(
      "Cannot set oom_score_adj to -900",
    );
  });

  test("start sets the priority at disks", async () => {
    const ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 } as const;
    expect(await witness({ process: { ioPriority } }, "ionice", "-p", "PID")).toBe("best-effort: prio 6\n");
    const idle = { class: "IOPRIO_CLASS_IDLE", priority: 0 } as const;
    expect(await witness({ process: { ioPriority: idle } }, "ionice", "-p", "PID")).toBe("idle\n");
  });

  test.each([
    [{ policy: "SCHED_BATCH", nice: 7 }, "SCHED_BATCH", "0"],
    [{ policy: "SCHED_IDLE" }, "SCHED_IDLE", "0"],
    [{ policy: "SCHED_OTHER", nice: -3, flags: ["SCHED_FLAG_RESET_ON_FORK"] }, "SCHED_OTHER|SCHED_RESET_ON_FORK", "0"],
  ] as const)("start schedules as %j", async (scheduler, policy, priority) => {
    const copy = JSON.parse(JSON.stringify(scheduler)) as NonNullable<OciProcess["scheduler"]>;
    const told = await witness({ process: { scheduler: copy } }, "sh", "-c", "chrt -p PID; ps -o ni= -p PID");
    expect(told).toContain(`scheduling policy: ${policy}\n`);
    expect(told).toContain(`scheduling priority: ${priority}\n`);
    expect(told.trim().split("\n").at(-1)?.trim()).toBe(policy === "SCHED_IDLE" ? "-" : String(copy.nice ?? 0));
  });

  test("start schedules by deadline", async () => {
    const scheduler = {
      policy: "SCHED_DEADLINE",
      runtime: 1_000_000,
      deadline: 30_000_000,
      period: 40_000_000,
    } as const;
    const told = await witness({ process: { scheduler } }, "chrt", "-p", "PID");
    expect(told).toContain("scheduling policy: SCHED_DEADLINE\n");
    expect(told).toContain("runtime/deadline/period parameters: 1000000/30000000/40000000\n");
  });

  test("start sets names, and the machine that uname tells of", async () => {
    const told = await output("hostname; cat /proc/sys/kernel/domainname; uname -m", {
      config: { hostname: "box", domainname: "example.net" },
      linux: { personality: { domain: "LINUX32" } },
    });
    expect(told).toBe("box\nexample.net\ni686\n");
  });

  test("start forbids new privileges", async () => {
    expect(await witness({ process: { noNewPrivileges: true } }, "cat", "/proc/PID/status")).toMatch(
      /^NoNewPrivs:\t1$/m,
    );
  });

  test("start writes sysctls of the container's namespaces, and none of the host's", async () => {
    const sysctl = {
      "net.ipv4.ip_local_port_range": "2000 3000",
      "net/ipv6/conf/lo/forwarding": "1",
      "kernel.shmmni": "123",
      "fs.mqueue.msg_max": "20",
    };
    const files =
      "/proc/sys/net/ipv4/ip_local_port_range /proc/sys/net/ipv6/conf/lo/forwarding /proc/sys/kernel/shmmni /proc/sys/fs/mqueue/msg_max";
    const before = host.run("sh", "-c", `cat ${files}`);
    expect(await output(`cat ${files}`, { linux: { sysctl } })).toBe("2000\t3000\n1\n123\n20\n");
    expect(host.run("sh", "-c", `cat ${files}`)).toBe(before);
  });

  test("start tells which sysctl the kernel does not have", async () => {
    const made = params(["true"], { linux: { sysctl: { "net.ipv4.none": "1" } } });
    await expect(host.client.call("start", made)).rejects.toThrow(
      "Cannot set sysctl 'net.ipv4.none': /proc/sys/net/ipv4/none does not exist",
    );
  });

  test("start offsets the clocks of a time namespace, for further processes too", async () => {
    const made = params(["sleep", "1000"], {
      linux: { timeOffsets: { boottime: { secs: 1_000_000 }, monotonic: { secs: 5 } } },
    });
    made.config.linux.namespaces.push({ type: "time" });
    const { containerId } = made;
    const { pid } = await host.client.call("start", made);
    expect(host.run("cat", `/proc/${pid}/timens_offsets`).replace(/ +/g, " ")).toBe(
      "monotonic 5 0\nboottime 1000000 0\n",
    );
    expect(host.run("cat", `/proc/${pid}/status`)).toMatch(/^NSpid:\t\d+\t1$/m);
    const process = { ...made.config.process, args: ["cat", "/proc/uptime"] };
    const stream = await host.client.openStream("exec", { containerId, process, stdin: false, detach: false });
    expect(Number.parseFloat((await collectStream(stream)).stdout.toString())).toBeGreaterThan(1_000_000);
    await host.client.call("remove", { containerId });
  });

  test("start joins pinned namespaces of every kind", async () => {
    const first = params(["sleep", "1000"], { linux: { timeOffsets: { boottime: { secs: 1_000_000 } } } });
    first.config.linux.namespaces.push({ type: "time" });
    const { pid } = await host.client.call("start", first);
    const types = { pid: "pid", network: "net", ipc: "ipc", uts: "uts", cgroup: "cgroup", time: "time" } as const;
    const kinds = Object.keys(types) as (keyof typeof types)[];
    const namespaces = kinds.map((type) => ({ type, path: `/proc/${pid}/ns/${types[type]}` }));
    const second = params(["sleep", "1000"], { linux: { namespaces: [{ type: "mount" }, ...namespaces] } });
    const other = await host.client.call("start", second);
    for (const { path } of namespaces) {
      expect(host.run("readlink", path)).toBe(host.run("readlink", path.replace(String(pid), String(other.pid))));
    }
    await host.client.call("remove", { containerId: second.containerId });
    await host.client.call("remove", { containerId: first.containerId });
  });

  test("exec takes attributes of its own", async () => {
    const made = params(["sleep", "1000"], {});
    const { containerId } = made;
    await host.client.call("start", made);
    const process: OciProcess = {
      ...made.config.process,
      args: ["sh", "-c", "cat /proc/self/oom_score_adj; grep Cpus_allowed_list /proc/self/status; umask"],
      oomScoreAdj: 77,
      execCPUAffinity: { initial: "0", final: "1" },
      user: { uid: 0, gid: 0, umask: 0o77 },
    };
    const stream = await host.client.openStream("exec", { containerId, process, stdin: false, detach: false });
    expect((await collectStream(stream)).stdout.toString()).toBe("77\nCpus_allowed_list:\t1\n0077\n");
    await host.client.call("remove", { containerId });
  });
});
