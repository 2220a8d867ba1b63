import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addForeignBridge,
  type IptablesVariant,
  loadIptables,
  loadNft,
  must,
  saveIptables,
} from "../support/foreign-host.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { ask, serve } from "../support/talk.ts";

let sandbox: TestSandbox;

/** Whether lines of sh succeed inside; each network command in them has its own limit. */
async function works(script: string): Promise<boolean> {
  return (await sandbox.sh(script)).exitCode === 0;
}

const inA = (command: string) => works(`netctl exec a ${command}`);
const inTheirs = (command: string) => works(`nsenter --net=/run/netns/theirs busybox ${command}`);
const inInternet = (command: string) => works(`nsenter --net=/run/netns/internet busybox ${command}`);

const PING = "ping -c 1 -W 10 -q";
const WGET = "timeout 10 wget -qO-";
/** For what must not come through: each second is waited for in vain. */
const SHORT_WGET = "timeout 2 wget -qO-";

async function startContainers(): Promise<void> {
  for (const name of ["a", "b"]) await sandbox.ok("run", "-d", "--name", name, "busybox", "sleep", "10000");
}

/** All that a network needs works; says what does not. */
async function brokenOfOurs(): Promise<string[]> {
  const probes = {
    "a reaches b": `${PING} b`,
    "a pings the internet": `${PING} 203.0.113.80`,
    "a reaches the internet": `${WGET} http://203.0.113.80/`,
    "a reaches the internet by name": `${WGET} http://www.example.net/`,
  };
  const results = await Promise.all(
    Object.entries(probes).map(async ([name, probe]) => ((await inA(probe)) ? undefined : name)),
  );
  return results.filter((name) => name !== undefined);
}

/** Who reaches what container `a` publishes: on all addresses of the host, and on 127.0.0.1. */
async function publishedReach(): Promise<Record<"internet" | "host" | "localhost" | "internetToLocal", string>> {
  await using _server = await serve(sandbox, "a", { name: "a", ports: ["tcp/80"] });
  const [[internet = "", internetToLocal = ""], [host = "", localhost = ""]] = await Promise.all([
    ask(sandbox, "internet", "tcp/198.51.100.2/8090", "tcp/198.51.100.2/8091"),
    ask(sandbox, undefined, "tcp/198.51.100.2/8090", "tcp/127.0.0.1/8091"),
  ]);
  return { internet, host, localhost, internetToLocal };
}

const publish = () => sandbox.ok("publish", "a", "0.0.0.0:8090:80", "8091:80");

async function brokenOfTheirs(): Promise<string[]> {
  const results = await Promise.all([
    inTheirs(`${PING} 203.0.113.80`).then((isUp) => (isUp ? undefined : "their container pings the internet")),
    inTheirs(`${WGET} http://203.0.113.80/`).then((isUp) =>
      isUp ? undefined : "their container reaches the internet",
    ),
  ]);
  return results.filter((name) => name !== undefined);
}

describe.each([
  ["docker-20.10", "nft"],
  ["docker-20.10", "legacy"],
  ["docker-28.5", "nft"],
  ["docker-28.5", "legacy"],
] as const)("netd beside the rules of %s in iptables-%s", (name, variant: IptablesVariant) => {
  let before: string;

  beforeAll(async () => {
    sandbox = await TestSandbox.create({ withoutNetd: true });
    await loadIptables(sandbox, name, variant);
    // As dockerd does.
    await must(sandbox, "echo 1 > /proc/sys/net/ipv4/ip_forward");
    await addForeignBridge(sandbox, { name: "docker0", address: "172.17.0.1/16", member: "172.17.0.2" });
    before = await saveIptables(sandbox, variant);
    await sandbox.startNetd();
    await startContainers();
  });
  afterAll(async () => await sandbox[Symbol.asyncDispose]());

  test("netd's containers reach each other, the internet and names, past docker's FORWARD policy", async () => {
    expect(await brokenOfOurs()).toEqual([]);
  });

  test("docker's containers reach the internet, and their published ports are reached from there", async () => {
    expect(await brokenOfTheirs()).toEqual([]);
    expect(await inInternet(`${WGET} http://198.51.100.2:8080/`)).toBe(true);
  });

  test("netd's published ports are reached from outside, those of localhost from the host alone, and docker's by netd's containers", async () => {
    await publish();
    expect(await publishedReach()).toEqual({
      internet: "a was asked by 198.51.100.1",
      host: expect.stringContaining("a was asked by"),
      localhost: expect.stringContaining("a was asked by"),
      internetToLocal: "refused",
    });
    expect(await inA(`${WGET} http://198.51.100.2:8080/`)).toBe(true);
  });

  // Port 80 is published, and older versions of docker let everybody reach it directly; 81 is not.
  test("netd opens no way to docker's containers, nor docker one to netd's", async () => {
    expect(await inA(`${SHORT_WGET} http://172.17.0.2:81/`)).toBe(false);
    const [a] = await sandbox.json<[{ endpoint: { address: string } }]>("inspect", "a");
    expect(await inTheirs(`ping -c 1 -W 2 -q ${a.endpoint.address}`)).toBe(false);
  });

  test("netd adds one rule to DOCKER-USER, marked as its own", async () => {
    const added = (await saveIptables(sandbox, variant))
      .split("\n")
      .filter((line) => !before.split("\n").includes(line));
    const marked = added.filter((line) => line.startsWith("-A DOCKER-USER"));
    const families = name === "docker-28.5" ? 2 : 1;
    expect(marked).toHaveLength(families);
    for (const line of marked) expect(line).toMatch(/^-A DOCKER-USER -m comment --comment "netd:\w{8}" -j NETD-\w{8}$/);
    expect(added.filter((line) => !/^[-:A ]*(DOCKER-USER|NETD-)/.test(line))).toEqual([]);
  });

  test("netd puts its accept back when docker's table was made anew, and keeps one rule over its own restart", async () => {
    await loadIptables(sandbox, name, variant);
    await sandbox.kill("netd");
    await sandbox.startNetd();
    await sandbox.kill("netd");
    await sandbox.startNetd();
    expect(await brokenOfOurs()).toEqual([]);
    expect((await saveIptables(sandbox, variant)).match(/^-A DOCKER-USER .*netd/gm)).toHaveLength(
      name === "docker-28.5" ? 2 : 1,
    );
  });

  test("netd --teardown leaves docker's rules as they were", async () => {
    await must(sandbox, "netd --teardown");
    expect(await saveIptables(sandbox, variant)).toBe(before);
    expect(await brokenOfTheirs()).toEqual([]);
  });
});

describe.each(["nft", "legacy"] as const)("netd beside ufw in iptables-%s", (variant) => {
  beforeAll(async () => {
    sandbox = await TestSandbox.create({ withoutNetd: true });
    await loadIptables(sandbox, "ufw-0.36", variant);
    await sandbox.startNetd();
    await startContainers();
  });
  afterAll(async () => await sandbox[Symbol.asyncDispose]());

  test("ufw stops what its owner did not allow, and netd changes nothing about it", async () => {
    const before = await saveIptables(sandbox, variant);
    expect(await inA(`${PING} 203.0.113.80`)).toBe(true);
    expect(await inA(`${PING} 172.16.0.3`)).toBe(true);
    expect(await inA(`${SHORT_WGET} http://203.0.113.80/`)).toBe(false);
    expect(await saveIptables(sandbox, variant)).toBe(before);
  });

  test("ports that netd publishes stay closed to the outside as ufw wants it, and are open to the host", async () => {
    await publish();
    expect(await publishedReach()).toEqual({
      internet: "silence",
      host: expect.stringContaining("a was asked by"),
      localhost: expect.stringContaining("a was asked by"),
      internetToLocal: "silence",
    });
  });

  test("netctl doctor says what ufw stops, and by which commands its owner allows it", async () => {
    const { stdout } = await sandbox.netctl("doctor");
    expect(stdout).toContain("ufw drops connections to the outside of network default (IPv4)");
    for (const remedy of [
      "ufw route allow in on br0",
      "ufw route allow out on br0",
      "ufw allow in on br0 to any port 53",
    ]) {
      expect(stdout).toContain(remedy);
    }
  });

  // What the commands of the remedy add, as ufw itself wrote it.
  test("netd's containers have all they need once ufw was told to allow their bridge", async () => {
    await must(
      sandbox,
      `iptables-${variant} -A ufw-user-forward -i br0 -j ACCEPT
       iptables-${variant} -A ufw-user-forward -o br0 -j ACCEPT
       iptables-${variant} -A ufw-user-input -i br0 -p tcp -m tcp --dport 53 -j ACCEPT
       iptables-${variant} -A ufw-user-input -i br0 -p udp -m udp --dport 53 -j ACCEPT`,
    );
    expect(await brokenOfOurs()).toEqual([]);
    expect((await publishedReach()).internet).toBe("a was asked by 198.51.100.1");
  });
});

describe.each(["nft", "legacy"] as const)("netd beside libvirt in iptables-%s", (variant) => {
  beforeAll(async () => {
    sandbox = await TestSandbox.create();
    await startContainers();
    await loadIptables(sandbox, "libvirt-9.0", variant);
    await addForeignBridge(sandbox, { name: "virbr0", address: "192.168.122.1/24", member: "192.168.122.2" });
  });
  afterAll(async () => await sandbox[Symbol.asyncDispose]());

  test("netd and libvirt go on side by side, whichever starts or stops", async () => {
    const before = await saveIptables(sandbox, variant);
    expect(await brokenOfOurs()).toEqual([]);
    expect(await brokenOfTheirs()).toEqual([]);
    await sandbox.kill("netd");
    await sandbox.startNetd();
    expect(await brokenOfOurs()).toEqual([]);
    expect(await saveIptables(sandbox, variant)).toBe(before);
    await must(sandbox, "netd --teardown");
    expect(await saveIptables(sandbox, variant)).toBe(before);
    expect(await brokenOfTheirs()).toEqual([]);
  });
});

describe("netd beside firewalld", () => {
  beforeAll(async () => {
    sandbox = await TestSandbox.create({ withoutNetd: true });
    await loadNft(sandbox, "firewalld-1.3", "inet firewalld");
    await sandbox.startNetd();
    await startContainers();
  });
  afterAll(async () => await sandbox[Symbol.asyncDispose]());

  test("firewalld lets containers out, and stops only their questions for names", async () => {
    expect(await inA(`${PING} 203.0.113.80`)).toBe(true);
    expect(await inA(`${WGET} http://203.0.113.80/`)).toBe(true);
    expect(await inA(`${SHORT_WGET} http://www.example.net/`)).toBe(false);
  });

  test("netd's containers have all they need once their bridge is in the zone trusted, and lose nothing by reloads", async () => {
    const before = await must(sandbox, "nft list table inet netd");
    for (let reload = 0; reload < 5; reload++) await loadNft(sandbox, "firewalld-1.3-trusted", "inet firewalld");
    expect(await brokenOfOurs()).toEqual([]);
    expect(await must(sandbox, "nft list table inet netd")).toBe(before);
  });

  test("netd --teardown leaves firewalld's table as it was", async () => {
    const before = await must(sandbox, "nft list table inet firewalld");
    await must(sandbox, "netd --teardown");
    expect(await must(sandbox, "nft list table inet firewalld")).toBe(before);
    expect(await must(sandbox, "nft list tables")).toBe("table inet firewalld\n");
  });
});
