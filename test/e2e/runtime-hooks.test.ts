import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OciHook, OciHookKind } from "../../src/runtime/index.ts";
import { OneShotHost } from "../support/one-shot-host.ts";

let host: OneShotHost;
beforeAll(async () => {
  host = await OneShotHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** A line for each hook: its kind, and what it read. */
function noteHook(kind: OciHookKind, log: string): OciHook {
  const script = `read -r state; echo "${kind} $(hostname) $(readlink /proc/self/ns/mnt) $state" >>${log}`;
  return { path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/bin:/usr/bin"] };
}

interface Note {
  kind: string;
  hostname: string;
  namespace: string;
  state: Record<string, unknown>;
}

function readNotes(path: string): Note[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [kind = "", hostname = "", namespace = "", ...state] = line.split(" ");
      return { kind, hostname, namespace, state: JSON.parse(state.join(" ")) as Record<string, unknown> };
    });
}

function sh(script: string, more: Partial<OciHook> = {}): OciHook[] {
  return [{ path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/bin:/usr/bin"], ...more }];
}

test("hooks of all kinds run in order, in their namespaces, and read the state", async () => {
  const outside = `${host.directory}/hooks`;
  const bundle = host.bundle(["sleep", "100"], (config) => {
    config.hostname = "inside";
    config.process.args = ["sh", "-c", "echo program >>/log; sleep 100"];
    config.hooks = {
      prestart: [noteHook("prestart", outside)],
      createRuntime: [noteHook("createRuntime", outside)],
      createContainer: [noteHook("createContainer", outside)],
      startContainer: [noteHook("startContainer", "/log")],
      poststart: [noteHook("poststart", outside)],
      poststop: [noteHook("poststop", outside)],
    };
  });
  const inside = `${bundle}/rootfs/log`;
  host.must("create", "--bundle", bundle, "h");
  expect(readNotes(outside).map(({ kind }) => kind)).toEqual(["prestart", "createRuntime", "createContainer"]);
  expect(existsSync(inside)).toBe(false);
  const { pid } = host.state("h");
  host.must("start", "h");
  host.must("delete", "-f", "h");
  const notes = readNotes(outside);
  const kinds = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"];
  expect(notes.map(({ kind }) => kind)).toEqual(kinds);
  const [own = ""] = host.run(["readlink", "/proc/self/ns/mnt"]).stdout.split("\n");
  expect(notes.map(({ namespace }) => namespace === own)).toEqual([true, true, false, true, true]);
  expect(notes.map(({ hostname }) => hostname === "inside")).toEqual([false, false, true, false, false]);
  const common = { id: "h", bundle, ociVersion: "1.3.0" };
  expect(notes.map(({ state }) => state)).toMatchObject([
    { ...common, pid, status: "creating" },
    { ...common, pid, status: "creating" },
    { ...common, pid: 1, status: "creating" },
    { ...common, pid, status: "running" },
    { ...common, status: "stopped" },
  ]);
  const [started, program] = readFileSync(inside, "utf8").split("\n");
  expect(started).toMatch(/^startContainer inside .*"status":"created"/);
  expect(program).toBe("program");
});

describe("netd-runtime with a hook that fails", () => {
  test.each(["prestart", "createRuntime", "createContainer"] as const)(
    "create undoes all after %s, and says why",
    (kind) => {
      const stopped = `${host.directory}/stopped-${kind}`;
      const bundle = host.bundle(["true"], (config) => {
        config.hooks = { [kind]: sh("echo no good >&2; exit 3"), poststop: sh(`echo stop >${stopped}`) };
      });
      const { code, stderr } = host.call(["create", "--bundle", bundle, "f"]);
      expect(stderr).toMatch(new RegExp(`the ${kind} hook /bin/sh: it ended with 3 and said "no good"`));
      expect(code).toBe(1);
      expect(readdirSync(host.root)).toEqual([]);
      expect(readFileSync(stopped, "utf8")).toBe("stop\n");
    },
  );

  test("start takes the container away after startContainer", () => {
    const bundle = host.bundle(["true"], (config) => {
      config.hooks = { startContainer: sh("exit 4") };
    });
    host.must("create", "--bundle", bundle, "f");
    const refused = host.call(["start", "f"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/startContainer hook .* ended with 4/) });
    expect(readdirSync(host.root)).toEqual([]);
  });

  test.each(["createRuntime", "createContainer"] as const)("a %s hook is killed when its time is up", (kind) => {
    const bundle = host.bundle(["true"], (config) => {
      config.hooks = { [kind]: sh("exec sleep 100", { timeout: 1 }) };
    });
    const refused = host.call(["run", "--bundle", bundle, "f"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/longer than 1 s and was killed/) });
    expect(readdirSync(host.root)).toEqual([]);
  });

  test("startContainer runs behind the filter of the program", () => {
    for (const noNewPrivileges of [true, false]) {
      const bundle = host.bundle(["true"], (config) => {
        Object.assign(config.process, { noNewPrivileges });
        config.linux.seccomp = {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS" }],
        };
        config.hooks = { startContainer: [{ path: "/bin/sh", args: ["sh", "-c", "exec mkdir /dev/shm/a"] }] };
      });
      expect(host.call(["run", "--bundle", bundle, "f"])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/startContainer hook .* ended with 159/),
      });
    }
  });

  test("poststart and poststop only warn, and the ones after them run", () => {
    const notes = `${host.directory}/notes`;
    const bundle = host.bundle(["true"], (config) => {
      const hooks = [...sh("exit 5"), ...sh(`echo on >>${notes}`)];
      config.hooks = { poststart: hooks, poststop: hooks };
    });
    const { code, stderr } = host.call(["run", "--bundle", bundle, "w"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /level=warning msg="Cannot run the poststart hook[\s\S]*level=warning msg="Cannot run the poststop/,
    );
    expect(readFileSync(notes, "utf8")).toBe("on\non\n");
  });

  test("a hook that is not there is named", () => {
    for (const kind of ["createRuntime", "createContainer"] as const) {
      const bundle = host.bundle(["true"], (config) => {
        config.hooks = { [kind]: [{ path: "/no/such/hook" }] };
      });
      expect(host.call(["run", "--bundle", bundle, "n"])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/\/no\/such\/hook.*ENOENT/),
      });
    }
  });
});

test("the program of a process on its way into a container can't be written", () => {
  const bundle = host.bundle(["true"], (config) => {
    // Even root of the host can't, by way of the process. Opening it would say that it is busy; changing its mode asks for the same mount.
    const script = String.raw`pid=$(sed 's/.*"pid":\([0-9]*\).*/\1/'); chmod 755 /proc/$pid/exe`;
    config.hooks = { createRuntime: sh(script) };
  });
  const { code, stderr } = host.call(["run", "--bundle", bundle, "x"]);
  expect(stderr).toMatch(/Read-only file system/);
  expect(code).toBe(1);
});
