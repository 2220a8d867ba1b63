import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cgroups } from "../../src/kernel/index.ts";
import { parseOciConfig } from "../../src/runtime/oci/parse-config.ts";
import { makeRootfs } from "../support/runtime-host.ts";

/** One podman with storage of its own, in namespaces of its own: each test is one script there. */
const RUNTIME = resolve(import.meta.dirname, "../../dist/netd-runtime.cjs");
const LIMIT_MS = 110_000;
const CGROUP_PARENT = `/netd-test-${process.pid}-podman`;
const hasPodman = spawnSync("podman", ["--version"]).status === 0;
const mayBeAbsent = process.env.NETD_REQUIRE_ALL !== "1";

/** Cgroups that conmon and podman make besides the containers'. */
const OTHER_CGROUPS = ["/libpod_parent", "/conmon"];

let directory: string;
let hadOthers: ReadonlySet<string>;
beforeAll(() => {
  hadOthers = new Set(OTHER_CGROUPS.filter((path) => new Cgroups().has(path)));
  directory = mkdtempSync(join(tmpdir(), "netd-podman-"));
  mkdirSync(join(directory, "tmp"));
  makeRootfs(join(directory, "busybox"));
  spawnSync("tar", ["-C", join(directory, "busybox"), "-cf", join(directory, "busybox.tar"), "."]);
});
afterAll(() => {
  new Cgroups().remove(CGROUP_PARENT);
  for (const path of OTHER_CGROUPS) if (!hadOthers.has(path)) new Cgroups().remove(path);
  // Where no hierarchy is mounted, conmon makes directories and files like a cgroup's.
  for (const name of readdirSync("/sys/fs/cgroup")) {
    const path = `/sys/fs/cgroup/${name}`;
    if (!existsSync(`${path}/cgroup.procs`) && existsSync(path + CGROUP_PARENT))
      rmSync(path + CGROUP_PARENT, { recursive: true });
  }
  rmSync(directory, { recursive: true, force: true });
});

/** Run a script in which `podman` is ours; returns what it printed. */
function run(script: string): string {
  const options = [
    ...["--root", `${directory}/root`, "--runroot", "/run/containers-test", "--tmpdir", "/run/libpod-test"],
    ...["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "none", "--runtime", RUNTIME],
  ];
  const start = `run() { podman run --network none --cgroup-parent ${CGROUP_PARENT} "$@"; }`;
  const prelude = [
    "mount --make-rprivate / && mount -t tmpfs -o mode=755 tmpfs /run",
    `podman() { command podman ${options.join(" ")} "$@"; }`,
    start,
    `podman image exists busybox:test || podman import -q ${directory}/busybox.tar busybox:test >/dev/null`,
  ];
  const end = "podman rm -fa -t 0 >/dev/null; ls /run/netd-runtime";
  const text = [...prelude, script, end].join("\n");
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const { stdout, stderr } = spawnSync("unshare", [...namespaces, "bash", "-c", text], {
    encoding: "utf8",
    timeout: LIMIT_MS,
    // script(1) starts a shell of this name: dash, for one, would drop bash's exported functions.
    env: { ...process.env, SHELL: "/bin/bash", TMPDIR: `${directory}/tmp`, XDG_RUNTIME_DIR: "/run" },
  });
  return `${stdout}${stderr}`;
}

describe.skipIf(!hasPodman && mayBeAbsent)("podman with netd-runtime", () => {
  test("podman runs containers and tells their exit codes", () => {
    expect(
      run(`
        run --rm busybox:test echo hello
        run --rm busybox:test sh -c 'exit 7'; echo $?
        run --rm busybox:test nosuch 2>/dev/null; echo $?
        run --rm busybox:test /etc 2>/dev/null; echo $?
        echo in | run --rm -i busybox:test cat
        run --rm --memory 32m --pids-limit 50 --read-only --cap-drop all --user 1000 busybox:test id -u`),
    ).toBe("hello\n7\n127\n126\nin\n1000\n");
  });

  test("podman execs, with a terminal too, pauses, logs, stops, starts again and removes", () => {
    expect(
      run(`
        run -d --name a busybox:test sh -c 'trap "exit 5" TERM; echo out; echo err >&2; while :; do sleep 0.1; done' >/dev/null
        podman exec a sh -c 'echo in; exit 4'; echo $?
        podman exec a nosuch 2>/dev/null; echo $?
        podman pause a; podman ps -a --format '{{.Status}}' | cut -c1-6; podman unpause a
        podman logs a
        podman stop -t 10 a
        podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' a
        podman start a
        podman exec a true && podman kill a && podman wait a
        podman rm a`),
    ).toBe("in\n4\n127\na\nPaused\na\nout\na\nexited 5\na\na\n137\na\nerr\n");
  });

  test("podman writes configurations that parseOciConfig takes without a warning", () => {
    const copier = join(directory, "copier");
    const script = `for word; do test -f "$word/config.json" && cp "$word/config.json" ${directory}/config-$$.json; done; exec ${RUNTIME} "$@"`;
    writeFileSync(copier, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const options = "--memory 32m --cpus 0.5 --tmpfs /t --ulimit nofile=64 --hostname h";
    run(`podman --runtime ${copier} run --network none --cgroup-parent ${CGROUP_PARENT} --rm busybox:test true
      podman --runtime ${copier} run --network none --cgroup-parent ${CGROUP_PARENT} --rm ${options} busybox:test true`);
    const copies = readdirSync(directory).filter((name) => name.startsWith("config-"));
    expect(copies).toHaveLength(2);
    for (const name of copies) {
      const warnings: string[] = [];
      const document: unknown = JSON.parse(readFileSync(join(directory, name), "utf8"));
      const config = parseOciConfig(document, { warn: (message) => warnings.push(message) });
      expect(config.process.args).toEqual(["true"]);
      expect(warnings).toEqual([]);
    }
  });

  test("podman gives terminals", () => {
    const terminal = (words: string): string =>
      `export -f podman run; script -qec "bash -c '${words}'" /dev/null | tr -d '\\r'`;
    expect(
      run(`
        ${terminal("run --rm -t busybox:test tty")}
        run -d --name t busybox:test sleep 100 >/dev/null
        ${terminal("podman exec -t t tty")}`),
    ).toMatch(/^\/dev\/pts\/0\n\/dev\/pts\/\d\n$/);
  });
});
