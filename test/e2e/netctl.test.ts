import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DaemonInfo, EventInfo, ImageInfo, LeaseInfo, NetworkInfo } from "../../src/api/index.ts";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { formatTar } from "../support/tar.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await sandbox.ok("run", "-d", "--name", "web", "--label", "a=b", "--ip", "172.16.0.9", "busybox", "sleep", "1000");
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

describe("netctl errors", () => {
  test.each([
    ["run nosuch", 125, "Cannot find image 'nosuch'", "netctl images"],
    ["run busybox no-such-command", 127, 'Cannot run "no-such-command"', "Name a program"],
    ["run busybox /etc/passwd", 126, 'Cannot run "/etc/passwd"', "chmod +x"],
    ["run --name Bad busybox", 125, "Cannot use the container name 'Bad'", "lower-case"],
    ["run --name web busybox", 125, "Cannot create container 'web'", "netctl rm web"],
    ["run --network nope busybox", 125, "Cannot find network 'nope'", "netctl net ls"],
    ["run --ip 10.1.1.1 busybox", 125, "Cannot use address 10.1.1.1", "172.16.0.0/24"],
    ["run --ip 172.16.0.9 busybox", 125, "container 'web' has it", "another address"],
    ["run --ip nonsense busybox", 125, "Cannot parse 'nonsense'", "172.16.0.10"],
    ["run --mac 01:00:5e:00:00:01 busybox", 125, "Cannot use MAC address", "02:42:"],
    ["run -u nosuch busybox", 125, "Cannot run as user 'nosuch'", "a number"],
    ["run --mount type=bind,source=/nosuch,target=/x busybox", 125, "/nosuch", "mkdir -p /nosuch"],
    ["run --cap-add NOPE busybox", 125, "Cannot use capability 'NOPE'", "capabilities(7)"],
    ["exec web no-such-command", 127, 'Cannot run "no-such-command"', "Name a program"],
    ["exec web /etc/passwd", 126, 'Cannot run "/etc/passwd"', "chmod +x"],
    ["exec nope true", 1, "Cannot find container 'nope'", "netctl ps -a"],
    ["rm web", 1, "Cannot remove container 'web': it runs", "netctl stop web"],
    ["rm nope", 1, "Cannot find container 'nope'", "netctl ps -a"],
    ["logs nope", 1, "Cannot find container 'nope'", "netctl ps -a"],
    ["attach nope", 1, "Cannot find container 'nope'", "netctl ps -a"],
    ["wait nope", 1, "Cannot find container 'nope'", "netctl ps -a"],
    ["inspect nope", 1, "Cannot find container 'nope'", "netctl ps -a"],
    ["image rm nope", 1, "Cannot remove image 'nope'", "netctl images"],
    ["image rm busybox", 1, "container 'web' uses it", "netctl rm web"],
    ["net inspect nope", 1, "Cannot find network 'nope'", "netctl net ls"],
  ])("%s: exit code %d", async (line, exitCode, message, remedy) => {
    const result = await sandbox.netctl(...line.split(" "));
    expect(result.stderr).toMatch(/^netctl: Cannot .*\n {2}try: .*\n$/);
    expect(result.stderr).toContain(message);
    expect(result.stderr.split("  try: ")[1]).toContain(remedy);
    expect(result.exitCode).toBe(exitCode);
  });

  test("leave nothing behind", async () => {
    const containers = await sandbox.json<NetworkedInfo[]>("ps", "-a");
    expect(containers.map(({ name }) => name)).toEqual(["web"]);
    expect((await sandbox.run("ls", "/run/netns")).stdout).toBe("internet\nweb\n");
    const ports = JSON.parse((await sandbox.run("ip", "-json", "link", "show", "master", "br0")).stdout) as unknown[];
    expect(ports).toHaveLength(1);
  });

  test("refuses a corrupt archive, and makes no image of it", async () => {
    const input = Buffer.alloc(1 << 20, "no tar ");
    const { stderr, exitCode } = await sandbox.runWith({ input }, "netctl", "image", "import", "bad");
    expect(stderr).toContain("Cannot read the archive");
    expect(exitCode).toBe(1);
    expect((await sandbox.json<ImageInfo[]>("images")).map(({ name }) => name)).toEqual(["busybox"]);
  });

  test("tell a user who may not use the socket what to do", async () => {
    const { stderr, exitCode } = await sandbox.run(
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "netctl",
      "ps",
    );
    expect(stderr).toContain("Cannot open '/run/netd/netd.sock'");
    expect(stderr).toContain("  try: Run the command as root");
    expect(exitCode).toBe(1);
  });

  test("tell how to start netd when it does not run", async () => {
    const { stderr, exitCode } = await sandbox.netctl("ls", "--socket", "/run/other.sock");
    expect(stderr).toContain("nobody listens on '/run/other.sock'");
    expect(stderr).toContain("  try: Start it as root with 'netd'");
    expect(exitCode).toBe(1);
  });
});

describe("netctl --json", () => {
  test("gives the leases, as ip sees them", async () => {
    const [lease] = await sandbox.json<LeaseInfo[]>("ls");
    const link = JSON.parse((await sandbox.run("ip", "-n", "web", "-json", "address", "show", "eth0")).stdout) as {
      address: string;
      addr_info: { local: string }[];
    }[];
    expect(lease).toMatchObject({ container: "web", network: "default", state: "running" });
    expect([lease?.address, lease?.mac]).toEqual([link[0]?.addr_info[0]?.local, link[0]?.address]);
    expect((await sandbox.run("ip", "-brief", "link", "show", "master", "br0")).stdout).toContain(lease?.hostInterface);
  });

  test("gives containers, networks, images and the daemon itself", async () => {
    const [container] = await sandbox.json<NetworkedInfo[]>("inspect", "web");
    expect(container).toMatchObject({ name: "web", labels: { a: "b" }, endpoint: { address: "172.16.0.9" } });
    expect(await sandbox.json<NetworkInfo[]>("net", "ls")).toMatchObject([{ name: "default", bridge: "br0" }]);
    expect(await sandbox.json<NetworkInfo[]>("net", "inspect", "default")).toMatchObject([{ subnet: "172.16.0.0/24" }]);
    expect(await sandbox.json<ImageInfo[]>("image", "ls")).toMatchObject([{ name: "busybox" }]);
    expect(await sandbox.json<DaemonInfo>("info")).toMatchObject({ containers: { running: 1, total: 1 } });
    expect(await sandbox.json<object>("version")).toEqual({ netctl: expect.any(String), netd: expect.any(String) });
  });

  test("gives what a command in the foreground wrote", async () => {
    const { stdout, exitCode } = await sandbox.netctl(
      "exec",
      "--json",
      "web",
      "sh",
      "-c",
      "echo out; echo err >&2; exit 3",
    );
    expect(JSON.parse(stdout)).toEqual({ container: "web", exitCode: 3, stdout: "out\n", stderr: "err\n" });
    expect(exitCode).toBe(3);
  });

  test("gives events as they happen, one document a line", async () => {
    const script =
      "netctl events --json > /run/events & until [ -s /run/events ]; do netctl run --rm busybox true; done; kill $!";
    await sandbox.run("sh", "-c", script);
    const [first] = (await sandbox.run("cat", "/run/events")).stdout.split("\n");
    expect((JSON.parse(first ?? "") as EventInfo).type).toMatch(/^container\./);
  });
});

describe("netctl --show", () => {
  test.each([
    ["run --show busybox true", /^ip netns add /m],
    ["create --show busybox true", /^ip netns add /m],
    ["inspect --show web", /^ip netns add web$/m],
    ["stop --show web", /kill/],
    ["restart --show web", /kill/],
    ["rm --show -f web", /^ip netns delete web$/m],
    ["kill --show -s HUP web", /^kill -s HUP \d+$/m],
    ["wait --show web", /^tail --pid=\d+ -f/m],
    ["exec --show web ls /", /^nsenter --target \d+ .*-- ls \/$/m],
    ["logs --show -f --tail 3 web", /^tail -n 3 -F \/.*$/m],
    ["attach --show web", /^tail .* -f \/.*$/m],
    ["ps --show", /^ip netns list$/m],
    ["ls --show", /^ip .*bridge_slave$/m],
    ["net ls --show", /^ip .*type bridge$/m],
    ["net inspect --show default", /^nft list table inet netd$/m],
    ["images --show", /^du -sh \/.*$/m],
    ["image import --show x x.tar", /^tar -x .*$/m],
    ["image rm --show busybox", /^rm -r \/.*$/m],
    ["events --show", /^ip monitor .*$/m],
    ["info --show", /^curl --unix-socket .*$/m],
    ["version --show", /^netd --version$/m],
  ])("%s prints commands and does nothing", async (line, expected) => {
    expect(await sandbox.ok(...line.split(" "))).toMatch(expected);
    expect(await sandbox.json<NetworkedInfo[]>("ps", "-a")).toMatchObject([{ name: "web", state: "running" }]);
  });

  test("prints commands that sh takes", async () => {
    const text = await sandbox.ok("inspect", "--show", "web");
    const { exitCode, stderr } = await sandbox.runWith({ input: text }, "sh", "-n");
    expect([stderr, exitCode]).toEqual(["", 0]);
  });
});

describe("netctl", () => {
  test("takes a container through its life", async () => {
    const id = (await sandbox.ok("create", "--name", "job", "busybox", "sh", "-c", "echo hi; sleep 1000")).trim();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await sandbox.ok("ps", "-aq", "--no-trunc")).toContain(id);
    expect(await sandbox.ok("start", id.slice(0, 12))).toBe(`${id.slice(0, 12)}\n`);
    const [before] = await sandbox.json<NetworkedInfo[]>("inspect", "job");
    expect(await sandbox.ok("restart", "-t", "0", "job")).toBe("job\n");
    const [after] = await sandbox.json<NetworkedInfo[]>("inspect", "job");
    expect(after?.pid).not.toBe(before?.pid);
    expect(after?.endpoint.address).toBe(before?.endpoint.address);
    expect(await sandbox.ok("exec", "-d", "job", "touch", "/made")).toBe("");
    expect(await sandbox.ok("exec", "-e", "A=b", "-w", "/tmp", "job", "sh", "-c", "echo $A; pwd")).toBe("b\n/tmp\n");
    expect(await sandbox.ok("kill", "job")).toBe("job\n");
    expect(await sandbox.ok("wait", "job")).toBe("137\n");
    expect(await sandbox.ok("logs", "--tail", "1", "job")).toBe("hi\n");
    expect(await sandbox.ok("rm", "job")).toBe("job\n");
    expect((await sandbox.json<NetworkedInfo[]>("ps", "-a")).map(({ name }) => name)).toEqual(["web"]);
  });

  test("imports, lists, runs and removes an image", async () => {
    const archive = formatTar([{ name: "etc/motd", content: "made here\n" }]);
    const { stdout } = await sandbox.runWith({ input: archive }, "netctl", "image", "import", "motd");
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(await sandbox.ok("images")).toMatch(/^motd +sha256:/m);
    expect(await sandbox.ok("image", "ls", "-q")).toBe("busybox\nmotd\n");
    expect(await sandbox.ok("image", "rm", "motd")).toBe("motd\n");
    expect(await sandbox.ok("image", "ls", "-q")).toBe("busybox\n");
  });

  test("completes the names of containers, images and networks", async () => {
    const words = async (...line: string[]): Promise<string> => {
      const script = `eval "$(netctl completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _netctl; echo "\${COMPREPLY[@]}"`;
      return (await sandbox.run("bash", "-c", script, "bash", ...line)).stdout.trim();
    };
    expect(await words("netctl", "star")).toBe("start");
    expect(await words("netctl", "stop", "w")).toBe("web");
    expect(await words("netctl", "run", "bus")).toBe("busybox");
    expect(await words("netctl", "net", "inspect", "def")).toBe("default");
    expect(await words("netctl", "network", "inspect", "def")).toBe("default");
    expect(await words("netctl", "net", "connect", "def")).toBe("default");
    expect(await words("netctl", "net", "connect", "default", "w")).toBe("web");
    expect(await words("netctl", "run", "--network", "def")).toBe("default");
    expect(await words("netctl", "run", "--network", "default", "bus")).toBe("busybox");
    expect(await words("netctl", "allow", "default", "def")).toBe("default");
    expect(await words("netctl", "image", "i")).toBe("import");
    expect(await words("netctl", "run", "--memory-r")).toBe("--memory-reservation");
  });
});
