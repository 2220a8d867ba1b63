import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContainerInfo, NetworkChanged, NetworkDetail, NetworkInfo, PendingChange } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { formatTar } from "../support/tar.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** What ip(8) says of a link. */
async function linkOf(name: string): Promise<{ mtu: number; operstate: string } | undefined> {
  const { stdout, exitCode } = await sandbox.run("ip", "-json", "link", "show", "dev", name);
  return exitCode === 0 ? (JSON.parse(stdout) as [{ mtu: number; operstate: string }])[0] : undefined;
}

async function names(...options: string[]): Promise<string[]> {
  return (await sandbox.json<NetworkInfo[]>("net", "ls", ...options)).map(({ name }) => name);
}

describe("netctl net", () => {
  test("does what a script of docker's user wants", async () => {
    const id = (
      await sandbox.ok("network", "create", "-d", "bridge", "--subnet", "10.50.0.0/24", "--label", "t=1", "app")
    ).trim();
    expect(id).toMatch(/^[0-9a-f]{10}$/);
    expect(await sandbox.ok("network", "ls", "-q", "--filter", "label=t=1")).toBe(`${id}\n`);
    expect(await sandbox.ok("network", "ls", "--format", "json", "-f", `id=${id}`)).toContain('"name":"app"');
    expect(await linkOf(`br-${id}`)).toMatchObject({ mtu: 1500 });
    await sandbox.ok("run", "-d", "--name", "one", "busybox", "sleep", "1000");
    await sandbox.ok("network", "connect", "--ip", "10.50.0.9", id.slice(0, 6), "one");
    const [network] = await sandbox.json<NetworkDetail[]>("network", "inspect", "app");
    expect(network?.members).toMatchObject([
      { container: "one", interface: "eth1", address: "10.50.0.9", running: true },
    ]);
    expect(await sandbox.ok("ps", "-q", "--filter", "network=app")).toMatch(/^[0-9a-f]{12}\n$/);

    const refused = await sandbox.netctl("network", "rm", "app");
    expect(refused.stderr).toContain("Cannot remove network 'app': containers are in it (one)");
    expect(refused.exitCode).toBe(1);
    await sandbox.ok("network", "disconnect", "app", "one");
    await sandbox.ok("network", "disconnect", "-f", "app", "one");
    expect(await sandbox.ok("network", "rm", "app")).toBe("app\n");
    expect(await sandbox.ok("network", "rm", "-f", "app")).toBe("app\n");
    expect(await linkOf(`br-${id}`)).toBeUndefined();
    await sandbox.ok("rm", "-f", "one");
  });

  test("create --show, rm --show and prune --show do nothing", async () => {
    expect(await sandbox.ok("net", "create", "--show", "ghost")).toContain("type bridge");
    expect(await names()).toEqual(["default"]);
    await sandbox.ok("net", "create", "stays");
    expect(await sandbox.ok("net", "rm", "--show", "stays")).toMatch(/^ip link delete/m);
    expect(await sandbox.ok("net", "prune", "--show")).toMatch(/^ip link delete/m);
    expect(await names()).toEqual(["default", "stays"]);
    await sandbox.ok("net", "rm", "stays");
  });

  test("prune removes what has all labels, and no container", async () => {
    await sandbox.ok("net", "create", "--label", "a=1", "--label", "b", "p1");
    await sandbox.ok("net", "create", "--label", "a=2", "p2");
    expect(await sandbox.ok("net", "prune", "-f", "--filter", "label=a=1", "--filter", "label=b")).toBe(
      "Deleted Networks:\np1\n\n",
    );
    const asked = await sandbox.runWith({ input: "n\n" }, "netctl", "net", "prune");
    expect(asked.stdout).toContain("Are you sure you want to continue? [y/N] ");
    expect(await names()).toEqual(["default", "p2"]);
    await sandbox.runWith({ input: "y\n" }, "netctl", "net", "prune");
    expect(await names()).toEqual(["default"]);
  });
});

describe("netctl net set --confirm", () => {
  test("is taken back by change revert, and stays after change confirm", async () => {
    const id = (await sandbox.ok("net", "create", "careful")).trim();
    const { pending } = await sandbox.json<NetworkChanged>(
      "net",
      "set",
      "careful",
      "--mtu",
      "1300",
      "--confirm",
      "10m",
    );
    expect((await linkOf(`br-${id}`))?.mtu).toBe(1300);
    expect(await sandbox.json<PendingChange[]>("change", "ls")).toMatchObject([
      { id: pending?.id, what: "net set careful" },
    ]);
    expect(await sandbox.ok("change", "revert", pending?.id ?? "")).toBe(`${pending?.id}\n`);
    expect((await linkOf(`br-${id}`))?.mtu).toBe(1500);

    const text = await sandbox.ok("net", "set", "careful", "--mtu", "1400", "--confirm", "10m");
    const [, change = ""] =
      /^net set careful: taken back in \d+ s unless confirmed: netctl change confirm (\w+)\n$/.exec(text) ?? [];
    await sandbox.ok("change", "confirm", change);
    expect(await sandbox.json("change", "ls")).toEqual([]);
    expect((await linkOf(`br-${id}`))?.mtu).toBe(1400);
    const { stderr, exitCode } = await sandbox.netctl("change", "revert", change);
    expect(stderr).toContain(`Cannot find change '${change}'`);
    expect(exitCode).toBe(1);
    await sandbox.ok("net", "rm", "careful");
  });

  test.each([
    ["Enter keeps", "\r", /Kept/, 0, 1300],
    ["Ctrl-C takes back", "\x03", /Taken back/, 130, 1500],
  ])("on a terminal, %s it", async (_name, key, said, exitCode, mtu) => {
    const id = (await sandbox.ok("net", "create", "typed")).trim();
    await using program = sandbox.startInTerminal("netctl", "net", "set", "typed", "--mtu", "1300", "--confirm", "10m");
    await program.see(/Press Enter within 600 s to keep it, Ctrl-C to take it back/);
    expect((await linkOf(`br-${id}`))?.mtu).toBe(1300);
    program.type(key);
    await program.see(said);
    expect(await program.exitCode()).toBe(exitCode);
    expect((await linkOf(`br-${id}`))?.mtu).toBe(mtu);
    await sandbox.ok("net", "rm", "typed");
  });
});

describe("netctl run -P", () => {
  test("publishes what the image exposes, at free ports of this host", async () => {
    const archive = formatTar([{ name: "etc/motd", content: "made here\n" }]);
    const argv = ["image", "import", "-c", "EXPOSE 80 53/udp", "-c", 'CMD ["none"]', "exposing"];
    await sandbox.runWith({ input: archive }, "netctl", ...argv);
    const id = await sandbox.ok("create", "-P", "--expose", "443", "exposing");
    const [created] = await sandbox.json<ContainerInfo[]>("inspect", id.trim());
    expect(
      created?.ports?.map(({ hostAddress, containerPort, protocol }) => `${hostAddress} ${containerPort}/${protocol}`),
    ).toEqual(["127.0.0.1 80/tcp", "127.0.0.1 53/udp", "127.0.0.1 443/tcp"]);
    expect(created?.ports?.every(({ hostPort }) => hostPort > 0)).toBe(true);
    expect(await sandbox.ok("port", id.trim())).toMatch(
      /^53\/udp -> 127\.0\.0\.1:\d+\n80\/tcp -> 127\.0\.0\.1:\d+\n443\/tcp -> 127\.0\.0\.1:\d+\n$/,
    );
    await sandbox.ok("rm", id.trim());
  });

  test("ps tells ports as docker does, exposure who reaches them", async () => {
    await sandbox.ok(
      "run",
      "-d",
      "--name",
      "web",
      "-p",
      "8080:80",
      "-p",
      "0.0.0.0:8081-8082:80-81",
      "--expose",
      "443",
      "busybox",
      "sleep",
      "1000",
    );
    expect(await sandbox.ok("ps")).toContain("127.0.0.1:8080->80/tcp, 0.0.0.0:8081-8082->80-81/tcp, 443/tcp");
    expect(await sandbox.ok("exposure")).toMatch(
      /^this host only +127\.0\.0\.1:8080 +tcp +web:80 +default\nanyone +0\.0\.0\.0:8081-8082 +tcp +web:80-81 +default$/m,
    );
    await sandbox.ok("rm", "-f", "web");
    expect((await sandbox.ok("exposure")).split("\n")).toHaveLength(2);
  });
});
