import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LeaseInfo } from "../../src/api/index.ts";
import { RUN_DIR, SANDBOX_DIR } from "../../src/sandbox/mounts.ts";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
import { type SandboxResult, TestSandbox } from "../support/sandbox.ts";

/** Everything there is of containers: in the kernel, on the disk, and in netd's own eyes. */
async function stateOf(sandbox: TestSandbox): Promise<{ host: HostTraces; containers: unknown; leases: LeaseInfo[] }> {
  const [host, containers, leases] = await Promise.all([
    hostTraces(sandbox),
    sandbox.json("ps", "-a"),
    sandbox.json<LeaseInfo[]>("ls"),
  ]);
  return { host, containers, leases };
}

/** Check an error: nothing on standard output, the text with its remedy, the code. */
function expectRefusal(result: SandboxResult, message: string, remedy: string, exitCode = 125): void {
  expect(result).toMatchObject({ stdout: "", exitCode });
  const [first = "", second = "", ...others] = result.stderr.split("\n");
  // No bytes that would drive the terminal, whatever was put in.
  expect(result.stderr).not.toMatch(/[^\P{Cc}\n]/u);
  expect(first).toMatch(/^netctl: Cannot /);
  expect(first).toContain(message);
  expect(second).toMatch(/^ {2}try: /);
  expect(second).toContain(remedy);
  expect(others).toEqual([""]);
}

describe("netctl run with bad input", () => {
  let sandbox: TestSandbox;
  let before: Awaited<ReturnType<typeof stateOf>>;

  beforeAll(async () => {
    sandbox = await TestSandbox.create();
    await sandbox.ok("run", "-d", "--name", "holder", "--ip", "172.16.0.50", "busybox", "sleep", "10000");
    await sandbox.ok(
      "create",
      "--name",
      "stopped",
      "--ip",
      "172.16.0.60",
      "--mac",
      "02:00:00:00:00:60",
      "busybox",
      "true",
    );
    before = await stateOf(sandbox);
  });

  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]();
  });

  test.each([
    [["nosuch"], "Cannot find image 'nosuch': there is none of that name", "netctl image import"],
    [["../../etc"], "Cannot find image '../../etc'", "netctl images"],
    [["--network", "nosuch", "busybox"], "Cannot find network 'nosuch': there is none of that name", "netctl net ls"],
    [
      ["--name", "holder", "busybox"],
      "Cannot create container 'holder': container ",
      "Remove it with 'netctl rm holder'",
    ],
    [["--name", "stopped", "busybox"], "Cannot create container 'stopped': container ", "or choose another name"],
    [["--name", "internet", "busybox"], "Cannot create network namespace 'internet'", "Choose another name"],
    ...[
      "",
      "UPPER",
      "two words",
      "../../x",
      "/x",
      ".hidden",
      "-dash",
      "x".repeat(64),
      "line\n",
      "ä",
      "a\u001b[31m",
    ].map((name): [string[], string, string] => [
      [`--name=${name}`, "busybox"],
      "Cannot use the container name ",
      "lower-case letters, digits",
    ]),
    ...["1.2.3", "172.16.0.300", "::1", "nowhere", "0x7f.1", "172.16.0.5/24", ""].map(
      (address): [string[], string, string] => [
        [`--ip=${address}`, "busybox"],
        `Cannot parse '${address}' as an IPv4 address`,
        "Give an address like",
      ],
    ),
    [
      ["--ip", "172.16.0.50", "busybox"],
      "172.16.0.50 in 172.16.0.0/24: container 'holder' has it",
      "Give another address",
    ],
    [
      ["--ip", "172.16.0.60", "busybox"],
      "172.16.0.60 in 172.16.0.0/24: container 'stopped' has it",
      "Give another address",
    ],
    [["--ip", "172.16.0.0", "busybox"], "it is the network address of 172.16.0.0/24", "Give another address"],
    [["--ip", "172.16.0.255", "busybox"], "it is the broadcast address of 172.16.0.0/24", "Give another address"],
    [["--ip", "172.16.0.1", "busybox"], "it is the gateway address of 172.16.0.0/24", "Give another address"],
    [["--ip", "10.1.2.3", "busybox"], "it is outside the subnet 172.16.0.0/24", "172.16.0.0/24"],
    ...["zz", "02:00:00:00:00", "03:00:00:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"].map(
      (mac): [string[], string, string] => [
        [`--mac=${mac}`, "busybox"],
        `Cannot use MAC address '${mac}'`,
        "02:42:ac:10:00:02",
      ],
    ),
    [["--mac", "02:00:00:00:00:60", "busybox"], "container 'stopped' has it", "Give another MAC address"],
  ])("%j: says why and what to try, exits 125 and leaves nothing", async (argv, message, remedy) => {
    expectRefusal(await sandbox.netctl("run", "--rm", ...argv, "true"), message, remedy);
    expectRefusal(await sandbox.netctl("run", "-d", ...argv, "true"), message, remedy);
    expect(await stateOf(sandbox)).toEqual(before);
  });

  test.each([
    ["nosuch", 127],
    ["/etc", 126],
  ])("a command that cannot run (%s) leaves nothing, with -d and without --rm as well", async (command, code) => {
    expectRefusal(await sandbox.netctl("run", "busybox", command), `Cannot run "${command}"`, "Name a program", code);
    expectRefusal(
      await sandbox.netctl("run", "-d", "busybox", command),
      `Cannot run "${command}"`,
      "Name a program",
      code,
    );
    expect(await stateOf(sandbox)).toEqual(before);
  });

  test("create says the same, and exits 1", async () => {
    expectRefusal(
      await sandbox.netctl("create", "--name", "holder", "busybox"),
      "Cannot create container 'holder'",
      "netctl rm",
      1,
    );
    expect(await stateOf(sandbox)).toEqual(before);
  });

  test.each(["start", "stop", "kill", "wait", "rm", "restart", "logs", "attach"])(
    "%s of a container that is not there exits 1",
    async (verb) => {
      for (const name of ["nosuch", "../holder", ""]) {
        expectRefusal(await sandbox.netctl(verb, name), `Cannot find container '${name}'`, "netctl ps -a", 1);
      }
      expect(await stateOf(sandbox)).toEqual(before);
    },
  );

  test("a user who may not use the socket is told so", async () => {
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "netctl"] as const;
    const message = `Cannot open '${RUN_DIR}/netd.sock': this user may not`;
    expectRefusal(await sandbox.run(...nobody, "ps"), message, "Run the command as root", 1);
    expectRefusal(
      await sandbox.run(...nobody, "run", "--rm", "busybox", "true"),
      message,
      "Run the command as root",
      125,
    );
    expect(await stateOf(sandbox)).toEqual(before);
  });

  test("netd that does not run is named, with how to start it", async () => {
    for (const socket of ["/nosuch/netd.sock", "/etc/passwd", "/etc"]) {
      const message = `Cannot reach netd: nobody listens on '${socket}'`;
      expectRefusal(await sandbox.netctl("--socket", socket, "ps"), message, "Start it as root with 'netd'", 1);
      const { stderr, exitCode } = await sandbox.runWith(
        { env: { NETD_SOCKET: socket } },
        "netctl",
        "run",
        "busybox",
        "true",
      );
      expect({ stderr, exitCode }).toEqual({ stderr: expect.stringContaining(message), exitCode: 125 });
    }
  });
});

describe("netd whose bridge vanished", () => {
  test("makes it again before it starts a container", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok("run", "-d", "--name", "other", "busybox", "sleep", "1000");
    await sandbox.run("ip", "link", "delete", "br0");
    expect((await sandbox.netctl("run", "--rm", "busybox", "ping", "-c", "1", "-W", "5", "other")).exitCode).toBe(0);
    await sandbox.run("ip", "link", "set", "br0", "down");
    expect((await sandbox.netctl("run", "--rm", "busybox", "ping", "-c", "1", "-W", "5", "other")).exitCode).toBe(0);
  });

  test("says so where the network wants differences reported only, leaves nothing, and works again once it is there", async () => {
    await using sandbox = await TestSandbox.create();
    await sandbox.ok("net", "set", "default", "--drift", "report");
    await sandbox.ok("run", "--rm", "busybox", "true");
    await sandbox.ok("create", "--name", "kept", "busybox", "true");
    await sandbox.run("ip", "link", "delete", "br0");
    const before = await stateOf(sandbox);
    const message = "bridge 'br0' is gone, a live one wanted";
    expectRefusal(await sandbox.netctl("run", "--rm", "busybox", "true"), message, "netctl drift --heal");
    expectRefusal(await sandbox.netctl("run", "-d", "busybox", "true"), message, "netctl drift --heal");
    expectRefusal(await sandbox.netctl("start", "kept"), message, "netctl drift --heal", 1);
    const { host, leases } = await stateOf(sandbox);
    expect({ host, leases }).toEqual({ host: before.host, leases: before.leases });
    await sandbox.ok("drift", "--heal");
    expect((await sandbox.netctl("run", "--rm", "busybox", "ping", "-c", "1", "172.16.0.1")).exitCode).toBe(0);
  });
});

describe("netd whose pool is full", () => {
  test("says how many of how many are free, and gives the one that comes free", async () => {
    await using sandbox = await TestSandbox.create({ netdArgs: ["--subnet", "10.9.0.0/29"] });
    for (let count = 0; count < 5; count += 1) await sandbox.ok("create", "busybox", "true");
    const before = await stateOf(sandbox);
    expect(before.leases.map(({ address }) => address)).toEqual(
      ["2", "3", "4", "5", "6"].map((last) => `10.9.0.${last}`),
    );
    const message = "Cannot allocate an address in 10.9.0.0/29: 0 of 5 are free";
    expectRefusal(await sandbox.netctl("run", "--rm", "busybox", "true"), message, "netctl rm");
    expectRefusal(await sandbox.netctl("create", "busybox", "true"), message, "netctl rm", 1);
    expect(await stateOf(sandbox)).toEqual(before);
    await sandbox.ok("rm", before.leases[2]!.container); // there are five
    const { stdout } = await sandbox.netctl("run", "--rm", "busybox", "ip", "-o", "-4", "address", "show", "eth0");
    expect(stdout).toContain(" 10.9.0.4/29 ");
  });
});

describe("netd whose disk is full", () => {
  const STATE = `${SANDBOX_DIR}/small/state`;

  test("refuses what it can't write down, leaves nothing of it, and goes on when there is room", async () => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    await sandbox.sh(`mkdir ${SANDBOX_DIR}/small && mount -t tmpfs -o size=4m none ${SANDBOX_DIR}/small`);
    await sandbox.startNetd("--state-dir", STATE);
    await sandbox.ok("run", "-d", "--name", "running", "busybox", "sleep", "10000");
    await sandbox.ok("run", "-d", "--rm", "--name", "brief", "busybox", "sleep", "10000");
    const fill = () =>
      sandbox.sh(`dd if=/dev/zero of=${SANDBOX_DIR}/small/fill bs=4k 2>/dev/null; ls -A ${STATE}/containers`);
    const { stdout: directories } = await fill();
    const before = await stateOf(sandbox);

    const refused = await sandbox.netctl("run", "-d", "--name", "new", "busybox", "true");
    expectRefusal(refused, "Cannot write", "Make room");
    expect(refused.stderr).toMatch(/no space left|disk is full/i);
    expect(await stateOf(sandbox)).toEqual(before);
    expect((await fill()).stdout).toBe(directories);

    const archive = `tar -C ${SANDBOX_DIR} -cf - bin | netctl image import big`;
    const imported = await sandbox.sh(archive);
    expect({ ...imported, stderr: imported.stderr.slice(0, 15) }).toMatchObject({
      stdout: "",
      exitCode: 1,
      stderr: "netctl: Cannot ",
    });
    expect((await sandbox.json<{ name: string }[]>("images")).map(({ name }) => name)).toEqual(["busybox"]);

    // What runs is served: commands, signals, exit codes.
    expect(await sandbox.ok("exec", "running", "echo", "alive")).toBe("alive\n");
    await using waiting = sandbox.start("netctl", "wait", "brief");
    await sandbox.ok("kill", "brief");
    expect(await waiting.exitCode()).toBe(0);
    expect(waiting.stdout).toBe("137\n");
    expectRefusal(await sandbox.netctl("rm", "-f", "running"), "database or disk is full", "Make room", 1);

    await sandbox.run("rm", `${SANDBOX_DIR}/small/fill`);
    await sandbox.ok("rm", "-f", "running", "brief");
    expect(await sandbox.ok("run", "--rm", "busybox", "echo", "fine")).toBe("fine\n");
    expect(await sandbox.json("ps", "-a")).toEqual([]);
    await sandbox.run("netd", "--teardown", "--state-dir", STATE);
  });
});
