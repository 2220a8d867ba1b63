import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { must } from "../support/foreign-host.ts";
import type { LiveProgram } from "../support/live-program.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { ask, serve } from "../support/talk.ts";

interface Lease {
  address: string;
  container: string;
  network: string;
}

const PORTS = ["tcp/80", "tcp/81", "udp/53"];

let sandbox: TestSandbox;
const servers: LiveProgram[] = [];
let leases: Lease[];

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  for (const name of ["one", "two"]) {
    await sandbox.ok("net", "create", "--subnet6", "auto", name);
  }
  await start("a", "one", "--label", "app=web");
  await start("peer", "one");
  await start("b", "two");
  leases = await sandbox.json<Lease[]>("ls");
  for (const name of ["a", "peer", "b"]) servers.push(await serve(sandbox, name, { name, ports: PORTS }));
  servers.push(await serve(sandbox, undefined, { name: "host", ports: ["tcp/7000"] }));
});
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await sandbox[Symbol.asyncDispose]();
});

async function start(name: string, network: string, ...options: string[]): Promise<void> {
  await sandbox.ok("run", "-d", "--name", name, "--network", network, ...options, "busybox", "sleep", "10000");
}

const at = (name: string, family: 4 | 6) =>
  leases.find(({ container, address }) => container === name && address.includes(":") === (family === 6))?.address ??
  "";

/** The same of several pairs. */
const allReached = async (...pairs: [from: string, name: string][]) =>
  await Promise.all(pairs.map(async ([from, name]) => await reached(from, name)));

/** Which of a container's ports somebody reaches, of both families. */
async function reached(from: string, name: string, ports = PORTS): Promise<string[]> {
  const places = ([4, 6] as const).flatMap((family) =>
    ports.map((port) => ({ text: `${port} of IPv${family}`, place: port.replace("/", `/${at(name, family)}/`) })),
  );
  const answers = await ask(sandbox, from, ...places.map(({ place }) => place));
  return places.filter((_, index) => answers[index]?.startsWith(`${name} was asked`)).map(({ text }) => text);
}

const both = (...ports: string[]) => [4, 6].flatMap((family) => ports.map((port) => `${port} of IPv${family}`));
const ping = async (from: string, ...address: string[]) =>
  (await sandbox.netctl("exec", from, "ping", "-c", "1", "-W", "2", "-q", ...address)).exitCode === 0;

describe("netctl allow", () => {
  test("lets one network open connections to the other, not back, until deny takes it away", async () => {
    expect(await allReached(["a", "b"], ["b", "a"])).toEqual([[], []]);
    await sandbox.ok("allow", "one", "two");
    expect(await allReached(["a", "b"], ["b", "a"])).toEqual([both(...PORTS), []]);
    await sandbox.kill("netd");
    await sandbox.startNetd();
    expect(await reached("a", "b")).toEqual(both(...PORTS));
    await sandbox.ok("deny", "one", "two");
    expect(await reached("a", "b")).toEqual([]);
  });
});

describe("netctl acl", () => {
  test("allows some connections between networks: by label, protocol and port", async () => {
    await sandbox.ok("acl", "add", "web", "allow", "label:app=web", "container:b", "--protocol", "tcp", "--port", "80");
    expect(await allReached(["a", "b"], ["peer", "b"])).toEqual([both("tcp/80"), []]);
    await sandbox.ok(
      "acl",
      "add",
      "names",
      "allow",
      "network:one",
      "network:two",
      "--protocol",
      "udp",
      "--port",
      "50-59",
    );
    expect(await allReached(["a", "b"], ["peer", "b"])).toEqual([both("tcp/80", "udp/53"), both("udp/53")]);
    expect(await ping("a", at("b", 4))).toBe(false);
  });

  test("decides by the first rule that matches, in the order that ls tells", async () => {
    await sandbox.ok("acl", "add", "closed", "deny", "any", "container:b", "--position", "1");
    expect((await sandbox.json<{ name: string }[]>("acl", "ls")).map(({ name }) => name)).toEqual([
      "closed",
      "web",
      "names",
    ]);
    expect(await reached("a", "b")).toEqual([]);
    await sandbox.ok("acl", "rm", "closed");
    expect(await reached("a", "b")).toEqual(both("tcp/80", "udp/53"));
    await sandbox.ok("acl", "rm", "web", "names");
  });

  test("denies connections between neighbours in one network, and to the outside", async () => {
    await sandbox.ok(
      "acl",
      "add",
      "apart",
      "deny",
      "container:a",
      "container:peer",
      "--protocol",
      "tcp",
      "--port",
      "80",
    );
    await sandbox.ok("acl", "add", "no-page", "deny", "network:one", "cidr:203.0.113.80/32", "--protocol", "tcp");
    expect(await reached("a", "peer")).toEqual(both("tcp/81", "udp/53"));
    expect(await reached("peer", "a")).toEqual(both(...PORTS));
    expect(await ask(sandbox, "a", "tcp/203.0.113.80/80")).toEqual(["silence"]);
    expect(await ping("a", "203.0.113.80")).toBe(true);
    await sandbox.ok("acl", "rm", "apart", "no-page");
    expect(await reached("a", "peer")).toEqual(both(...PORTS));
  });
});

describe("--egress", () => {
  /** What a container of network `one` can open. */
  async function open(name: string): Promise<Record<string, boolean>> {
    const gateway = at("a", 4).replace(/\d+$/, "1");
    const knows = async (asked: string) =>
      (await must(sandbox, `ip netns exec ${name} dig +time=2 +tries=1 @${gateway} ${asked} || true`)).includes(
        "NOERROR",
      );
    const [places, neighbour, internet, internet6, local, foreign] = await Promise.all([
      ask(sandbox, name, "tcp/198.51.100.2/7000", `tcp/${gateway}/7000`),
      reached(name, "peer"),
      ping(name, "203.0.113.80"),
      ping(name, "2001:db8:113::80"),
      knows("peer"),
      knows("www.example.net"),
    ]);
    return {
      neighbour: neighbour.length === 2 * PORTS.length,
      "a neighbour's name": local,
      "the host at the gateway": places[1]?.startsWith("host") === true,
      "the host elsewhere": places[0]?.startsWith("host") === true,
      "the internet": internet || internet6,
      "names of the internet": foreign,
    };
  }
  const ALL = {
    neighbour: true,
    "a neighbour's name": true,
    "the host at the gateway": true,
    "the host elsewhere": true,
    "the internet": true,
    "names of the internet": true,
  };
  const INTERNAL = { ...ALL, "the host elsewhere": false, "the internet": false, "names of the internet": false };
  const NONE = Object.fromEntries(Object.keys(ALL).map((key) => [key, false]));

  test.each([
    ["internal", INTERNAL],
    ["none", NONE],
  ])("%s holds from the start, and is changed while the container runs", async (egress, wanted) => {
    await start("held", "one", "--egress", egress);
    leases = await sandbox.json<Lease[]>("ls");
    servers.push(await serve(sandbox, "held", { name: "held", ports: PORTS }));
    expect(await open("held")).toEqual(wanted);
    // Who asks it is answered.
    expect(await reached("peer", "held")).toEqual(both(...PORTS));
    await sandbox.ok("update", "--egress", "all", "held");
    expect(await open("held")).toEqual(ALL);
    await sandbox.ok("update", "--egress", egress, "held");
    expect(await open("held")).toEqual(wanted);
    await sandbox.ok("acl", "add", "no-ping", "deny", "any", "container:held", "--protocol", "icmp");
    expect(await reached("peer", "held")).toEqual(both(...PORTS));
    await sandbox.ok("acl", "rm", "no-ping");
    await servers.pop()?.[Symbol.asyncDispose]();
    await sandbox.ok("rm", "-f", "held");
  });

  test("ends connections that are open, when it is changed", async () => {
    await start("held", "one");
    const outside = "tcp/198.51.100.1/7001";
    servers.push(await serve(sandbox, "internet", { name: "internet", ports: ["tcp/7001"] }));
    expect(await ask(sandbox, "held", outside)).toEqual([expect.stringContaining("internet was asked by")]);
    await using program = sandbox.start("netctl", "exec", "held", "ping", "-i", "0.1", "203.0.113.80");
    await program.see(/seq=2/);
    await sandbox.ok("update", "--egress", "none", "held");
    const seen = program.stdout.length;
    expect(await ask(sandbox, "held", outside)).toEqual(["silence"]);
    expect(program.stdout.slice(seen).split("\n").length).toBeLessThan(10);
    await sandbox.ok("rm", "-f", "held");
  });

  test("prints the commands of a change, which do what update does", async () => {
    await start("held", "one");
    const commands = await sandbox.ok("update", "--show", "--egress", "none", "held");
    const rules = async () =>
      (await must(sandbox, "nft list table inet netd; nft list table bridge netd"))
        // Flows that are remembered for a while.
        .replaceAll(/set answers\d \{[^{}]*(\{[^{}]*\})?[^{}]*\}/g, "");
    const before = await rules();
    await sandbox.ok("update", "--egress", "none", "held");
    const after = await rules();
    await sandbox.ok("update", "--egress", "all", "held");
    expect(await rules()).toBe(before);
    await sandbox.kill("netd");
    await must(sandbox, commands);
    expect(await rules()).toBe(after);
    await sandbox.startNetd();
    await sandbox.ok("rm", "-f", "held");
  });
});
