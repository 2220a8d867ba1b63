import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OneShotHost } from "../support/one-shot-host.ts";

/** One dockerd with containerd and all its files in namespaces of its own: each test is one script there. */
const RUNTIME = resolve(import.meta.dirname, "../../dist/netd-runtime.cjs");
const LIMIT_MS = 100_000;
const hasDocker = spawnSync("sh", ["-c", "command -v docker dockerd containerd"]).status === 0;
const mayBeAbsent = process.env.NETD_REQUIRE_ALL !== "1";

describe.skipIf(!hasDocker && mayBeAbsent)("docker with netd-runtime", () => {
  let host: OneShotHost;
  let daemon: ChildProcess;

  beforeAll(async () => {
    host = await OneShotHost.create();
    const tmp = join(host.directory, "tmp");
    mkdirSync(tmp);
    const flags = [
      ...["--data-root", `${host.directory}/docker`, "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid"],
      ...["--host", "unix:///run/docker.sock", "--cgroup-parent", host.cgroupParent, "--storage-driver", "vfs"],
      ...["--iptables=false", "--ip6tables=false", "--bridge=none", "--log-level", "error"],
      ...["--add-runtime", `netd=${RUNTIME}`, "--default-runtime", "netd"],
    ];
    const [program = "", ...argv] = host.enter("sh", "-c", `exec dockerd "$@" 2>${tmp}/log`, "sh", ...flags);
    daemon = spawn(program, argv, { stdio: "ignore", env: { ...process.env, TMPDIR: tmp } });
    expect(
      run(`
        timeout 60 sh -c 'until docker version >/dev/null 2>&1; do sleep 0.1; done' || cat ${tmp}/log
        tar -C ${host.directory}/busybox -c . | docker import - busybox:test | cut -c1-7`),
    ).toBe("sha256:\n");
  });

  afterAll(async () => {
    const ended = once(daemon, "exit");
    await host[Symbol.asyncDispose]();
    await ended;
  });

  /** Run a script; returns what it printed. No container may be left, and nothing of one. */
  function run(script: string): string {
    const prelude = `
      export DOCKER_HOST=unix:///run/docker.sock
      run() { docker run --network none "$@"; }
      terminal() { script -qec "$*" /dev/null </dev/null | tr -d '\\r'; }`;
    const end = `docker ps -aq | xargs -r docker rm -f >/dev/null; ls /run/docker/runtime-runc/moby 2>/dev/null`;
    const { stdout, stderr } = host.run(["bash", "-c", [prelude, script, end].join("\n")], { limitMs: LIMIT_MS });
    const parent = `/sys/fs/cgroup/pids${host.cgroupParent}`;
    const left = existsSync(parent) ? readdirSync(parent, { withFileTypes: true }) : [];
    expect(left.filter((entry) => entry.isDirectory())).toEqual([]);
    return `${stdout}${stderr}`;
  }

  test("docker runs containers and tells their exit codes", () => {
    expect(
      run(`
        run --rm --runtime netd busybox:test echo hello
        run --rm busybox:test sh -c 'exit 7'; echo $?
        run --rm busybox:test nosuch 2>/dev/null; echo $?
        run --rm busybox:test /etc 2>/dev/null; echo $?
        echo in | run --rm -i busybox:test cat
        run --rm --memory 32m --pids-limit 50 --read-only --cap-drop all --user 1000 busybox:test id -u
        run --rm --init busybox:test true; echo $?`),
    ).toBe("hello\n7\n127\n126\nin\n1000\n0\n");
  });

  test("docker execs, pauses, updates, logs, shows, stops, starts again, kills and removes", () => {
    expect(
      run(`
        run -d --name aa busybox:test sh -c 'trap "exit 5" TERM; echo out; echo err >&2; while :; do sleep 0.1; done' >/dev/null
        docker inspect -f '{{.State.Status}} {{.HostConfig.Runtime}}' aa
        docker exec aa sh -c 'echo in; exit 4'; echo $?
        docker exec -u 5 -w /tmp -e A=b aa sh -c 'id -u; pwd; echo $A'
        docker exec aa nosuch >/dev/null 2>&1; echo $?
        docker pause aa; docker inspect -f '{{.State.Status}}' aa; docker unpause aa
        docker top aa | tail -n +2 | wc -l
        docker stats --no-stream --format '{{.PIDs}}' aa
        docker logs aa 2>&1 | sort
        docker stop -t 10 aa
        docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' aa
        docker start aa; docker exec aa true; docker kill aa; docker wait aa
        docker rm aa`),
    ).toMatch(
      /^running netd\nin\n4\n5\n\/tmp\nb\n126\naa\npaused\naa\n[12]\n[12]\nerr\nout\naa\nexited 5\naa\naa\n137\naa\n$/,
    );
  });

  test("docker updates limits, and restarts what it stopped", () => {
    const files = "memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max";
    expect(
      run(`
        run -d --name uu busybox:test sleep 1000 >/dev/null
        docker update --memory 64m --memory-swap 64m --pids-limit 33 uu
        docker exec uu cat /sys/fs/cgroup/${files}
        docker restart -t 0 uu
        docker exec uu cat /sys/fs/cgroup/${files}`),
    ).toBe("uu\n67108864\n33\nuu\n67108864\n33\n");
  });

  test("docker gives terminals", () => {
    expect(
      run(`
        terminal docker run --rm -t --network none busybox:test tty
        run -dt --name tt busybox:test sh -c 'tty; sleep 1000' >/dev/null
        terminal docker exec -t tt tty
        docker logs tt | tr -d '\\r'`),
    ).toMatch(/^\/dev\/pts\/0\n\/dev\/pts\/\d\n\/dev\/pts\/0\n$/);
  });
});
