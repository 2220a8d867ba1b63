import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContainerInfo, EventInfo } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

describe("netctl run", () => {
  test("--entrypoint runs another program, with what follows the image as its arguments", async () => {
    expect(await sandbox.ok("run", "--rm", "--entrypoint", "echo", "busybox", "a", "b")).toBe("a b\n");
  });

  test("--env-file and --label-file take lines, and -e and --label win", async () => {
    await sandbox.sh(
      "printf '# no\\n\\nA=1\\nB=two words\\nHOMEWARD\\n' > /run/env; printf 'tier=front\\nzone=a\\n' > /run/labels",
    );
    const out = await sandbox.ok("run", "--rm", "--env-file", "/run/env", "-e", "A=2", "busybox", "env");
    expect(out).toContain("A=2\n");
    expect(out).toContain("B=two words\n");
    expect(out).not.toContain("HOMEWARD");
    await sandbox.ok(
      "create",
      "--name",
      "labelled",
      "--label-file",
      "/run/labels",
      "--label",
      "zone=b",
      "busybox",
      "true",
    );
    const [info] = await sandbox.json<[ContainerInfo]>("inspect", "labelled");
    expect(info.labels).toEqual({ tier: "front", zone: "b" });
    await sandbox.ok("rm", "labelled");
    const missing = await sandbox.netctl("run", "--env-file", "/nosuch", "busybox");
    expect(missing).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("Cannot read --env-file '/nosuch': ENOENT"),
    });
  });

  test("--cidfile gets the id, is not overwritten, and goes with a container that could not start", async () => {
    const id = (await sandbox.ok("run", "-d", "--cidfile", "/run/cid", "busybox", "sleep", "1000")).trim();
    expect((await sandbox.run("cat", "/run/cid")).stdout).toBe(id);
    const again = await sandbox.netctl("run", "--cidfile", "/run/cid", "busybox", "true");
    expect(again).toMatchObject({ exitCode: 125, stderr: expect.stringContaining("it exists, a new file wanted") });
    expect((await sandbox.netctl("run", "--cidfile", "/run/cid2", "busybox", "nosuch")).exitCode).toBe(127);
    expect((await sandbox.run("test", "-e", "/run/cid2")).exitCode).toBe(1);
    await sandbox.ok("rm", "-f", id);
    expect(await sandbox.json<ContainerInfo[]>("ps", "-a")).toEqual([]);
  });

  test("-h NAME is the host name, -h alone the help, and --domainname stands in /etc/hosts", async () => {
    expect(await sandbox.ok("run", "--rm", "-h", "here", "busybox", "hostname")).toBe("here\n");
    expect(await sandbox.ok("run", "-h")).toMatch(/^Usage: netctl run/);
    const hosts = await sandbox.ok(
      "run",
      "--rm",
      "-h",
      "a",
      "--domainname",
      "b.example",
      "busybox",
      "cat",
      "/etc/hosts",
    );
    expect(hosts).toMatch(/\ta\.b\.example\ta\t/);
  });

  test("a name that is taken, and --pull always, are refused", async () => {
    await sandbox.ok("create", "--name", "one", "busybox", "true");
    const { exitCode, stderr } = await sandbox.netctl("run", "--name", "one", "busybox", "true");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 125,
      stderr: expect.stringContaining("Cannot create container 'one'"),
    });
    await sandbox.ok("rm", "one");
    expect((await sandbox.netctl("run", "--pull", "always", "busybox", "true")).exitCode).toBe(2);
    expect((await sandbox.netctl("run", "--rm", "--pull", "never", "busybox", "true")).exitCode).toBe(0);
  });
});

describe("netctl start", () => {
  test("-a follows the output and exits with the code, -i sends standard input", async () => {
    await sandbox.ok("create", "-i", "--name", "job", "busybox", "sh", "-c", "cat; exit 6");
    expect(await sandbox.runWith({ input: "hello\n" }, "netctl", "start", "-ai", "job")).toEqual({
      stdout: "hello\n",
      stderr: "",
      exitCode: 6,
    });
    expect((await sandbox.netctl("start", "-a", "job", "job")).exitCode).toBe(2);
    await sandbox.ok("rm", "job");
  });

  test("a command that is missing leaves its code and the reason in inspect", async () => {
    await sandbox.ok("create", "--name", "broken", "busybox", "nosuch");
    await sandbox.netctl("start", "broken");
    const [info] = await sandbox.json<[ContainerInfo]>("inspect", "broken");
    expect(info).toMatchObject({ state: "created", exitCode: 127, error: expect.stringContaining("nosuch") });
    await sandbox.ok("rm", "broken");
  });
});

describe("netctl rm", () => {
  test("-f of a container that is not there is told, and no failure; -v is taken", async () => {
    const { exitCode, stdout, stderr } = await sandbox.netctl("rm", "-f", "nosuch");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toContain("Cannot find container 'nosuch'");
    await sandbox.ok("create", "--name", "one", "busybox", "true");
    expect(await sandbox.ok("rm", "-v", "one")).toBe("one\n");
  });
});

describe("netctl ps --filter", () => {
  test("shows what docker's filters pass", async () => {
    await sandbox.ok("run", "-d", "--name", "web-1", "--label", "tier=front", "busybox", "sleep", "1000");
    await sandbox.ok("run", "-d", "--name", "web-2", "--label", "tier=back", "busybox", "sleep", "1000");
    await sandbox.netctl("run", "--name", "job", "--network", "none", "busybox", "sh", "-c", "exit 3");
    const names = async (...argv: string[]) =>
      (await sandbox.json<ContainerInfo[]>("ps", ...argv)).map(({ name }) => name).sort();
    expect(await names("--filter", "name=web")).toEqual(["web-1", "web-2"]);
    expect(await names("--filter", "name=1$")).toEqual(["web-1"]);
    expect(await names("--filter", "label=tier")).toEqual(["web-1", "web-2"]);
    expect(await names("--filter", "label=tier", "--filter", "label=tier=back")).toEqual(["web-2"]);
    expect(await names("--filter", "name=web-1", "--filter", "name=web-2")).toEqual(["web-1", "web-2"]);
    expect(await names("--filter", "status=exited")).toEqual(["job"]);
    expect(await names("-a", "--filter", "exited=3")).toEqual(["job"]);
    expect(await names("-a", "--filter", "exited=0")).toEqual([]);
    expect(await names("-a", "--filter", "network=none")).toEqual(["job"]);
    expect(await names("--filter", "ancestor=busybox", "--filter", "health=none")).toEqual(["web-1", "web-2"]);
    expect(await names("-l")).toEqual(["job"]);
    expect(await names("-n", "2")).toEqual(["job", "web-2"]);
    const lines = (await sandbox.ok("ps", "-a", "--format", "json")).trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as ContainerInfo).name)).toEqual(["job", "web-2", "web-1"]);
    const wrong = await sandbox.netctl("ps", "--filter", "colour=red");
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("Cannot filter by 'colour=red'") });
    await sandbox.ok("rm", "-f", "web-1", "web-2", "job");
  });
});

describe("netctl events --since --until --filter", () => {
  test("tell what was, in order, with docker's words, and end", async () => {
    await sandbox.ok("run", "-d", "--name", "told", "busybox", "sleep", "1000");
    await sandbox.ok("restart", "-t", "0", "told");
    await sandbox.ok("stop", "-t", "0", "told");
    await sandbox.ok("rm", "told");
    const events = async (...argv: string[]) =>
      (await sandbox.ok("events", "--since", "1h", "--until", "0s", "--format", "json", ...argv))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as EventInfo);
    const told = await events("--filter", "container=told");
    expect(told.map(({ action }) => action).join(" ")).toBe(
      "create start kill kill die start restart kill kill die stop destroy",
    );
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).sort());
    const ends = await events("--filter", "container=told", "--filter", "event=die");
    expect(ends.map(({ action, exitCode }) => [action, exitCode])).toEqual([
      ["die", 137],
      ["die", 137],
    ]);
    // Live, until a moment that comes.
    const live = await sandbox.sh(
      "netctl events --until $(($(date +%s) + 4)) --filter event=destroy & until netctl run --rm busybox true && ! kill -0 $!; do :; done",
    );
    expect(live.stdout).toMatch(/container\.removed/);
  });
});
