import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OneShotHost } from "../support/one-shot-host.ts";

let host: OneShotHost;
beforeAll(async () => {
  host = await OneShotHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

test("run and exec pass the sockets of LISTEN_FDS on, before those of --preserve-fds", () => {
  const script = "echo $LISTEN_FDS $LISTEN_PID $$; cat <&3; cat <&4";
  const bundle = host.bundle(["sh", "-c", script]);
  const program = (...words: string[]): string[] => host.command(...words).slice(host.enter().length);
  // Here-documents, as descriptors 3 and 4.
  const call = `"$@" 3<<A 4<<B\nthird\nA\nfourth\nB\n`;
  const run = program("run", "--preserve-fds", "1", "--bundle", bundle, "l");
  const env = { LISTEN_FDS: "1" };
  expect(host.run(["bash", "-c", call, "bash", ...run], { env })).toEqual({
    code: 0,
    stdout: "1 1 1\nthird\nfourth\n",
    stderr: "",
  });
  host.must("run", "-d", "--bundle", host.bundle(["sleep", "100"]), "l");
  const exec = program("exec", "--preserve-fds", "1", "l", "sh", "-c", "echo $LISTEN_FDS; cat <&3; cat <&4");
  expect(host.run(["bash", "-c", call, "bash", ...exec], { env }).stdout).toBe("1\nthird\nfourth\n");
  host.must("delete", "-f", "l");
});

test("run does not pass NOTIFY_SOCKET on, nor anything else of its environment", () => {
  const bundle = host.bundle(["env"]);
  const { stdout } = host.call(["run", "--bundle", bundle, "n"], { env: { NOTIFY_SOCKET: "/run/notify", OTHER: "1" } });
  expect(stdout).not.toMatch(/NOTIFY|OTHER|NETD/);
});

test("exec --cgroup joins a cgroup below the container's own, of one controller or of all", () => {
  const path = `${host.cgroupParent}/joined`;
  const bundle = host.bundle(["sleep", "100"], ({ linux }) => {
    linux.cgroupsPath = path;
  });
  host.must("run", "-d", "--bundle", bundle, "g");
  for (const controller of ["pids", "memory"]) mkdirSync(join("/sys/fs/cgroup", controller, path, "below"));
  const where = (controller: string, ...flags: string[]): string | undefined =>
    new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, "m").exec(
      host.must("exec", ...flags, "g", "cat", "/proc/self/cgroup"),
    )?.[1];
  expect(where("pids")).toBe("/");
  expect(where("pids", "--cgroup", "pids:below")).toBe("/below");
  expect(where("memory", "--cgroup", "pids:below")).toBe("/");
  expect(where("memory", "--cgroup", "pids,memory:/below")).toBe("/below");
  expect(host.call(["exec", "--cgroup", "pids:nosuch", "g", "true"])).toMatchObject({
    code: 255,
    stderr: expect.stringMatching(/does not exist/),
  });
  expect(host.call(["exec", "--cgroup", "none:below", "g", "true"])).toMatchObject({
    code: 255,
    stderr: expect.stringMatching(/no such controller/),
  });
  expect(host.call(["exec", "--cgroup", "pids:../..", "g", "true"]).code).toBe(255);
  host.must("delete", "-f", "g");
});

test("a container joins a pid namespace by its path", async () => {
  host.must("run", "-d", "--bundle", host.bundle(["sleep", "1234"]), "first");
  const { pid } = host.state("first");
  const joining = (args: string[]): string =>
    host.bundle(args, ({ linux }) => {
      linux.namespaces = linux.namespaces.map((namespace) =>
        namespace.type === "pid" ? { type: "pid", path: `/proc/${pid}/ns/pid` } : namespace,
      );
    });
  const bundle = joining(["sleep", "100"]);
  host.must("create", "--bundle", bundle, "second");
  const second = Number(host.state("second").pid);
  const namespaceOf = (process: unknown): string => host.run(["readlink", `/proc/${process}/ns/pid`]).stdout;
  expect(namespaceOf(second)).toBe(namespaceOf(pid));
  host.must("start", "second");
  expect(host.state("second")).toMatchObject({ pid: second, status: "running" });
  expect(host.must("exec", "second", "cat", "/proc/1/comm")).toBe("sleep\n");
  expect(host.must("exec", "first", "ps", "-o", "args")).toMatch(/sleep 1234\n[\s\S]*sleep 100/);
  host.must("kill", "second", "KILL");
  await host.until("second", "stopped");
  host.must("delete", "-f", "second");
  expect(host.state("first").status).toBe("running");
  const plain = joining(["sh", "-c", "cat /proc/1/comm; exit 6"]);
  expect(host.call(["run", "--bundle", plain, "third"])).toEqual({ code: 6, stdout: "sleep\n", stderr: "" });
  host.must("delete", "-f", "first");
});

test("events --interval prints again and again, until the container ends", async () => {
  host.must("run", "-d", "--bundle", host.bundle(["sleep", "100"]), "v");
  const out = join(host.directory, "events");
  const program = host.command("events", "--interval", "50ms", "v").slice(host.enter().length);
  const script = `out=$1; shift; "$@" >"$out" & until [ "$(wc -l <"$out")" -ge 3 ]; do sleep 0.02; done; echo three`;
  const wait = `; ${host.command("kill", "v", "KILL").slice(host.enter().length).join(" ")}; wait $!; echo $?; cat "$out"`;
  const { stdout } = host.run(["bash", "-c", script + wait, "bash", out, ...program]);
  const [three, code, ...lines] = stdout.trim().split("\n");
  expect([three, code]).toEqual(["three", "0"]);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ type: "stats", id: "v" });
  host.must("delete", "v");
});
