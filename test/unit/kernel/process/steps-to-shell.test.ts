import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import {
  composeShell,
  definitionOf,
  PROCESS_STEP_OPS,
  type ProcessStep,
} from "../../../../src/kernel/process/index.ts";

const GOLDEN = resolve(import.meta.dirname, "../../../golden/process");
const root = "/var/lib/netd/c/rootfs";

/** One of each kind, and variants whose text differs. */
const CASES: Record<string, ProcessStep> = {
  "affinity.set": { op: "affinity.set", cpus: "0-1,3" },
  "domainname.set": { op: "domainname.set", domainname: "example.net" },
  "io.prioritize": { op: "io.prioritize", class: "IOPRIO_CLASS_BE", priority: 6 },
  "io.prioritize-idle": { op: "io.prioritize", class: "IOPRIO_CLASS_IDLE", priority: 0 },
  "oom.adjust": { op: "oom.adjust", score: 500 },
  "personality.set": { op: "personality.set", domain: "LINUX32" },
  "scheduler.set": { op: "scheduler.set", policy: "SCHED_BATCH", nice: 5 },
  "scheduler.set-deadline": {
    op: "scheduler.set",
    policy: "SCHED_DEADLINE",
    flags: ["SCHED_FLAG_RESET_ON_FORK"],
    runtime: 10_000_000,
    deadline: 30_000_000,
    period: 30_000_000,
  },
  "sysctl.write": { op: "sysctl.write", key: "net.ipv4.ip_local_port_range", value: "2000 3000" },
  "time.offset": { op: "time.offset", clock: "boottime", secs: 86_400, nanosecs: 0 },
  "capabilities.bound": { op: "capabilities.bound", bounding: ["CAP_CHOWN", "CAP_NET_RAW"] },
  "capabilities.set": {
    op: "capabilities.set",
    effective: ["CAP_CHOWN"],
    permitted: ["CAP_CHOWN"],
    inheritable: ["CAP_NET_RAW"],
    ambient: ["CAP_NET_RAW"],
  },
  "cgroup.join": {
    op: "cgroup.join",
    joinFiles: ["/sys/fs/cgroup/memory/netd/x/tasks", "/sys/fs/cgroup/pids/netd/x/tasks"],
  },
  "descriptors.close": { op: "descriptors.close" },
  "device.make": {
    op: "device.make",
    root,
    path: "/dev/null",
    type: "c",
    major: 1,
    minor: 3,
    mode: 0o666,
    uid: 0,
    gid: 0,
  },
  "device.make-owned": {
    op: "device.make",
    root,
    path: "/dev/p",
    type: "p",
    major: 0,
    minor: 0,
    mode: 0o600,
    uid: 5,
    gid: 6,
  },
  "directory.enter": { op: "directory.enter", path: "/srv/my files" },
  "directory.make": { op: "directory.make", root, path: "/srv/app" },
  exec: { op: "exec", args: ["sh", "-c", "echo it's $HOME"], env: ["PATH=/bin", "A=b c"] },
  "exec-at-home": { op: "exec", args: ["sh"], env: ["PATH=/bin"], takesHome: true },
  "gate.wait": { op: "gate.wait" },
  "home.find": { op: "home.find", uid: 1000 },
  "hooks.await": { op: "hooks.await" },
  "hooks.run": {
    op: "hooks.run",
    kind: "createContainer",
    hooks: [{ path: "/usr/bin/note it", args: ["note it", "-v"], env: ["A=b c"], timeout: 5 }],
    state: { ociVersion: "1.3.0", id: "web", status: "creating", bundle: "/b" },
  },
  "program.find": { op: "program.find", name: "my tool", env: ["PATH=/bin"] },
  "start.wait": { op: "start.wait", startFd: 30, resultFd: 31 },
  "hostname.set": { op: "hostname.set", hostname: "web" },
  "memory.place": { op: "memory.place", mode: "MPOL_BIND", nodes: "0-1", flags: ["MPOL_F_STATIC_NODES"] },
  "memory.place-local": { op: "memory.place", mode: "MPOL_LOCAL", flags: [] },
  "root.find": { op: "root.find", pid: 17 },
  "keyring.join": { op: "keyring.join", name: "_ses.3f2a" },
  "link.make": { op: "link.make", root, path: "/dev/fd", target: "/proc/self/fd" },
  "mount.bind": { op: "mount.bind", source: "/etc/hosts", root, target: "/etc/hosts", isRecursive: false, flags: [] },
  "mount.bind-everything": {
    op: "mount.bind",
    source: "/data dir",
    root,
    target: "/data",
    isRecursive: true,
    flags: ["ro", "nosuid"],
    propagation: ["rslave"],
  },
  "mount.bind-tree": {
    op: "mount.bind",
    source: "/data",
    root,
    target: "/data",
    isRecursive: true,
    flags: [],
    cleared: ["ro", "nosuid"],
    tree: { set: ["ro"], clear: ["nodev"] },
    propagation: ["private", "rshared"],
  },
  "mount.bind-mapped": {
    op: "mount.bind",
    source: "/data",
    root,
    target: "/data",
    isRecursive: false,
    flags: [],
    isMapped: true,
  },
  "mount.clone-mapped": {
    op: "mount.clone-mapped",
    source: "/data",
    target: "/data",
    isRecursive: false,
    mapsRecursively: false,
    uids: [{ containerID: 0, hostID: 1000, size: 10 }],
    gids: [{ containerID: 0, hostID: 2000, size: 10 }],
  },
  "mount.filesystem-copied-up": {
    op: "mount.filesystem",
    type: "tmpfs",
    source: "tmpfs",
    root,
    target: "/etc",
    flags: ["nosuid"],
    data: ["sync"],
    oldFlags: ["silent"],
    copiesUp: true,
  },
  "mount.reconfigure": {
    op: "mount.reconfigure",
    root,
    target: "/tmp",
    flags: ["nosuid"],
    oldFlags: [],
    data: ["size=1m"],
  },
  "mount.filesystem": {
    op: "mount.filesystem",
    type: "tmpfs",
    source: "tmpfs",
    root,
    target: "/dev",
    flags: ["nosuid", "strictatime"],
    data: ["mode=755", "size=65536k"],
  },
  "mount.filesystem-plain": {
    op: "mount.filesystem",
    type: "proc",
    source: "proc",
    root,
    target: "/proc",
    flags: [],
    data: [],
  },
  "mount.flags": { op: "mount.flags", root, target: "/sys/fs/cgroup", flags: ["ro"] },
  "mount.open": {
    op: "mount.open",
    mount: { op: "mount.bind", source: "/d", root, target: "/data", isRecursive: false, flags: [] },
  },
  "mount.propagation": { op: "mount.propagation", propagation: "rprivate" },
  "mount.propagation-shared": { op: "mount.propagation", propagation: "rshared", hiddenPath: root },
  "namespace.join": { op: "namespace.join", kind: "network", path: "/run/netns/web" },
  "namespaces.enter": {
    op: "namespaces.enter",
    kinds: ["mount", "cgroup", "uts", "ipc", "network"],
    pid: 4711,
    pidfd: 30,
  },
  "namespaces.unshare": { op: "namespaces.unshare", kinds: ["mount", "uts", "ipc", "cgroup", "network"] },
  "path.mask": { op: "path.mask", root, path: "/proc/kcore" },
  "path.readonly": { op: "path.readonly", root, path: "/proc/sys" },
  "privileges.freeze": { op: "privileges.freeze" },
  "process.fork": { op: "process.fork", pidNamespace: "new" },
  "process.fork-into-path": { op: "process.fork", pidNamespace: { path: "/proc/17/ns/pid" } },
  "process.fork-into-process": { op: "process.fork", pidNamespace: { pid: 17, pidfd: 30 } },
  "process.init": { op: "process.init", isTerminal: false },
  "process.fork-same": { op: "process.fork", pidNamespace: "same" },
  "rlimit.set": { op: "rlimit.set", type: "RLIMIT_NOFILE", soft: 1024, hard: 4096 },
  "root.attach": { op: "root.attach" },
  "root.bind": { op: "root.bind", path: root },
  "root.current": { op: "root.current" },
  "root.open": {
    op: "root.open",
    root: { op: "root.overlay", target: root, lower: ["/l/2", "/l/1"], upper: "/c/upper", work: "/c/work" },
    map: { fd: 30, uid: 231_072, gid: 231_072 },
  },
  "root.open-unmapped": { op: "root.open", root: { op: "root.bind", path: root } },
  "root.overlay": { op: "root.overlay", target: root, lower: ["/l/2", "/l/1:a,b"], upper: "/u", work: "/w" },
  "root.enter": { op: "root.enter" },
  "root.move": { op: "root.move", path: root },
  "root.pivot-shared": { op: "root.pivot", path: root, isShared: true },
  "root.propagation": { op: "root.propagation", propagation: "shared" },
  "root.pivot": { op: "root.pivot", path: root },
  "root.readonly": { op: "root.readonly", path: root },
  "seccomp.load": { op: "seccomp.load", program: "BgAAAAAA/38=", flags: 4 },
  "session.start": { op: "session.start" },
  "signals.reset": { op: "signals.reset" },
  "stdio.open": {
    op: "stdio.open",
    stdin: { path: "/dev/null" },
    stdout: { path: "/s/stdout" },
    stderr: { path: "/s/stderr" },
    uid: 0,
    gid: 0,
  },
  "stdio.open-pipes": { op: "stdio.open", stdin: { fd: 20 }, stdout: { fd: 21 }, stderr: { fd: 22 }, uid: 0, gid: 0 },
  "terminal.open": { op: "terminal.open", root, isConsole: true, uid: 0, size: { rows: 24, columns: 80 } },
  "umask.set": { op: "umask.set", mask: 0o22 },
  "user.enter": {
    op: "user.enter",
    fd: 30,
    uids: ["0:231072:1000", "1000:5000:1"],
    gids: ["0:231072:65536"],
    hasRoot: true,
  },
  "user.enter-path": { op: "user.enter", fd: 30, path: "/run/my user", uids: [], gids: [], hasRoot: false },
  "user.set": { op: "user.set", uid: 1000, gid: 1001, additionalGids: [5, 7] },
  "volume.fill": { op: "volume.fill", volume: "/v/data/_data", marker: "/v/data/filling", root, path: "/srv/data" },
  "user.set-alone": { op: "user.set", uid: 0, gid: 0, additionalGids: [] },
};

describe("toShell", () => {
  test.each(Object.entries(CASES))("toShell prints %s as a person would type it", async (name, step) => {
    const lines = definitionOf(step).toShell(step);
    await expect(lines.map((line) => `${line}\n`).join("")).toMatchFileSnapshot(`${GOLDEN}/${name}.sh`);
  });

  test("toShell has a golden file for every op", () => {
    expect([...new Set(Object.values(CASES).map(({ op }) => op))].sort()).toEqual([...PROCESS_STEP_OPS].sort());
  });

  test("steps survive JSON", () => {
    for (const step of Object.values(CASES)) expect(JSON.parse(JSON.stringify(step))).toEqual(step);
  });
});

describe("composeShell", () => {
  const run: ProcessStep = { op: "exec", args: ["true"], env: [] };
  const wrap: ProcessStep = { op: "namespaces.unshare", kinds: ["uts"] };
  const line: ProcessStep = { op: "hostname.set", hostname: "it's" };

  test("composeShell puts wrapping words before one command", () => {
    expect(composeShell([wrap, run], { pidNamespace: "new" })).toBe(
      "exec unshare --pid --fork unshare --uts env -i true",
    );
  });

  test("composeShell nests what is more than one line, and quotes it", () => {
    expect(composeShell([wrap, line, run], { pidNamespace: "host" })).toBe(
      "exec unshare --uts sh -euc '\n  hostname '\\''it'\\''\\'\\'''\\''s'\\''\n  exec env -i true\n'",
    );
  });

  test("composeShell joins the pid namespace of a process", () => {
    expect(composeShell([run], { pidNamespace: { pidfd: 9 }, pid: 17 })).toBe(
      "exec nsenter --target=17 --pid env -i true",
    );
  });
});
