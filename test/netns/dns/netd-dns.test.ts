import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DnsClient, type ZoneDocument } from "../../../src/dns/index.ts";
import { type Bundle, bundleProgram } from "../../support/bundle.ts";
import { formatQuery } from "../../support/dns-message.ts";
import { TestNetns } from "../../support/netns.ts";
import { StartedProgram } from "../../support/started-program.ts";
import { zoneDocumentOf, zoneMemberOf } from "../../support/zone-documents.ts";

const GATEWAY = "172.16.0.1";
const OTHER_GATEWAY = "10.0.0.1";
const UPSTREAM = "203.0.113.53";
const OTHER_UPSTREAM = "203.0.113.54";
const DEAD_UPSTREAM = "203.0.113.99";
const WEB = "172.16.0.2";

let programs: { dns: Bundle; upstream: Bundle };
let directory: string;
let netns: TestNetns;

beforeAll(() => {
  programs = {
    dns: bundleProgram("src/dns/main.ts"),
    upstream: bundleProgram("test/netns/dns/upstream.ts"),
  };
});

afterAll(() => {
  programs.dns[Symbol.dispose]();
  programs.upstream[Symbol.dispose]();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "netd-dns-"));
  netns = TestNetns.create();
  netns.run("ip", "link", "set", "lo", "up");
  for (const address of [GATEWAY, OTHER_GATEWAY, WEB, UPSTREAM, OTHER_UPSTREAM, DEAD_UPSTREAM]) {
    netns.run("ip", "address", "add", `${address}/32`, "dev", "lo");
  }
});

afterEach(async () => {
  await netns[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const socketPath = () => join(directory, "dns.sock");
const resolvConf = () => join(directory, "resolv.conf");

function setResolvConf(...servers: string[]): void {
  writeFileSync(`${resolvConf()}.new`, servers.map((server) => `nameserver ${server}\n`).join(""));
  renameSync(`${resolvConf()}.new`, resolvConf());
}

function zoneDocument(change: Partial<ZoneDocument> = {}): ZoneDocument {
  return zoneDocumentOf("br0", GATEWAY, {
    subnets: ["172.16.0.0/24"],
    members: [zoneMemberOf("web", [WEB])],
    ...change,
  });
}

async function startDns(): Promise<StartedProgram> {
  return await startInside(
    process.execPath,
    programs.dns.path,
    "serve",
    "--socket",
    socketPath(),
    "--resolv-conf",
    resolvConf(),
  );
}

/** Start a name server that answers everything with one address, or nothing when that is `silent`. */
async function startUpstream(address: string, answer: string): Promise<StartedProgram> {
  return await startInside(process.execPath, programs.upstream.path, address, answer);
}

async function startInside(...command: string[]): Promise<StartedProgram> {
  return await StartedProgram.start(["nsenter", `--net=${netns.path}`, "--", ...command]);
}

/** dig with one try; unix sockets are no part of a network namespace, so the client itself stays outside. */
function dig(...args: string[]): string {
  return netns.run("dig", "+tries=1", "+time=5", `@${GATEWAY}`, ...args);
}

function statusOf(output: string): string | undefined {
  return /status: (\w+)/.exec(output)?.[1];
}

test("netd-dns answers A, PTR and AAAA for names of its zone, over UDP and TCP, to dig and to busybox", async () => {
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  expect(dig("+short", "web")).toBe(`${WEB}\n`);
  expect(dig("+short", "+tcp", "WEB.netd.internal")).toBe(`${WEB}\n`);
  expect(dig("+short", "-x", WEB)).toBe("web.\n");
  expect(dig("WeB")).toMatch(/^WeB\.\s+0\s+IN\s+A\s+172\.16\.0\.2$/m);
  const noData = dig("web", "AAAA");
  expect(statusOf(noData)).toBe("NOERROR");
  expect(noData).toMatch(/ANSWER: 0, AUTHORITY: 1/);
  expect(statusOf(dig("-x", "172.16.0.77"))).toBe("NXDOMAIN");
  expect(statusOf(dig("version.bind", "CH", "TXT"))).toBe("REFUSED");
  expect(statusOf(dig("+opcode=STATUS", "web"))).toBe("NOTIMP");
  expect(statusOf(dig("+edns=1", "+noednsnegotiation", "web"))).toBe("BADVERS");
  expect(netns.run("busybox", "nslookup", "web", GATEWAY)).toContain(`Address: ${WEB}`);
  expect(netns.run("busybox", "nslookup", WEB, GATEWAY)).toContain("name = web");
});

test("netd-dns says who it is, keeps its socket private, and removes nothing on a second start", async () => {
  await using dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  const hello = await client.request({ method: "hello" });
  expect(readFileSync(`/proc/${hello.pid}/cmdline`, "utf8")).toContain(programs.dns.path);
  expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
  await expect(startDns()).rejects.toThrow("ended with 1");
  expect(await client.request({ method: "hello" })).toEqual(hello);
  await client.request({ method: "shutdown" });
  expect(await dns.exitCode()).toBe(0);
  await client.closed;
  await expect(client.request({ method: "hello" })).rejects.toMatchObject({ code: "DNS_UNAVAILABLE" });
  await expect(DnsClient.connect(socketPath())).rejects.toMatchObject({ code: "DNS_UNAVAILABLE" });
});

test("netd-dns replaces the socket of one that was killed", async () => {
  await (await startDns())[Symbol.asyncDispose]();
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "hello" });
});

test("netd-dns changes names while it runs, and answers with what is in force", async () => {
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  await client.request({ method: "upsert", network: "br0", member: zoneMemberOf("db", ["172.16.0.3"]) });
  expect(dig("+short", "db")).toBe("172.16.0.3\n");
  await client.request({ method: "remove", network: "br0", memberId: "db" });
  expect(statusOf(dig("db"))).toBe("SERVFAIL"); // forwarded, and there is no upstream
  await expect(client.request({ method: "remove", network: "none", memberId: "db" })).rejects.toMatchObject({
    code: "NETWORK_UNKNOWN",
  });
  await client.request({ method: "setZones", zones: [] });
  expect(netns.run("ss", "-Hlntu", "sport = :53")).toBe("");
});

test("netd-dns keeps the sockets of a zone over any change of its names", async () => {
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  const sockets = () => netns.run("ss", "-Hlnte", "sport = :53").match(/ino:\d+/g);
  const before = sockets();
  const other = zoneDocumentOf("br1", OTHER_GATEWAY, { subnets: ["10.0.0.0/24"] });
  await client.request({ method: "setZones", zones: [other, zoneDocument({ members: [] })] });
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  expect(before).toHaveLength(1);
  expect(sockets()).toEqual(before);
});

test("netd-dns loses no query while zones change under it", async () => {
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  const file = join(directory, "queries");
  writeFileSync(file, "web A\n".repeat(2_000));
  const command = [`--net=${netns.path}`, "--", "dig", "+tries=1", "+time=5", "+short", `@${GATEWAY}`, "-f", file];
  const asking = promisify(execFile)("nsenter", command);
  let isAsking = true;
  const done = asking.finally(() => {
    isAsking = false;
  });
  let changes = 0;
  while (isAsking) {
    changes += 1;
    await client.request({
      method: "upsert",
      network: "br0",
      member: zoneMemberOf(`n${changes % 50}`, [`172.16.0.${10 + (changes % 50)}`]),
    });
    await client.request({ method: "setZones", zones: [zoneDocument()] });
  }
  expect((await done).stdout.split("\n").filter((line) => line === WEB)).toHaveLength(2_000);
  expect(changes).toBeGreaterThan(100);
});

test("netd-dns forwards what is not its own, and follows resolv.conf to other upstreams", async () => {
  setResolvConf(UPSTREAM);
  await using _upstream = await startUpstream(UPSTREAM, "192.0.2.1");
  await using _other = await startUpstream(OTHER_UPSTREAM, "192.0.2.2");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  expect(dig("+short", "example.net")).toBe("192.0.2.1\n");
  expect(dig("+short", "+tcp", "example.net")).toBe("192.0.2.1\n");
  setResolvConf(OTHER_UPSTREAM);
  expect(dig("+short", "example.net")).toBe("192.0.2.2\n");
  setResolvConf(DEAD_UPSTREAM, UPSTREAM);
  expect(dig("+short", "example.net")).toBe("192.0.2.1\n");
  setResolvConf(GATEWAY, UPSTREAM);
  expect(dig("+short", "example.net")).toBe("192.0.2.1\n");
  setResolvConf(GATEWAY);
  expect(statusOf(dig("example.net"))).toBe("SERVFAIL");
  setResolvConf(DEAD_UPSTREAM);
  expect(statusOf(dig("example.net"))).toBe("SERVFAIL");
});

test("netd-dns goes on to the next upstream when one is silent", async () => {
  setResolvConf(UPSTREAM, OTHER_UPSTREAM);
  await using _silent = await startUpstream(UPSTREAM, "silent");
  await using _other = await startUpstream(OTHER_UPSTREAM, "192.0.2.2");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  expect(dig("+short", "example.net")).toBe("192.0.2.2\n");
});

test("netd-dns believes no reply from another port, with another id or to another question", async () => {
  setResolvConf(UPSTREAM);
  await using _upstream = await startUpstream(UPSTREAM, "192.0.2.1");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  expect(dig("+short", "forged.example.net")).toBe("192.0.2.1\n");
});

test("netd-dns gets a truncated reply over TCP, and cuts it to what the client takes", async () => {
  setResolvConf(UPSTREAM);
  await using _upstream = await startUpstream(UPSTREAM, "192.0.2.1");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  const ignoring = dig("+noedns", "+ignore", "big.example.net");
  expect(ignoring).toMatch(/flags: qr tc/);
  expect(dig("+bufsize=4096", "+notcp", "+ignore", "+short", "big.example.net").trim().split("\n")).toHaveLength(100);
  expect(dig("+noedns", "+short", "big.example.net").trim().split("\n")).toHaveLength(100);
});

test("netd-dns asks the upstreams of a client that names its own", async () => {
  setResolvConf(UPSTREAM);
  await using _upstream = await startUpstream(UPSTREAM, "192.0.2.1");
  await using _other = await startUpstream(OTHER_UPSTREAM, "192.0.2.2");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  const choosy = zoneMemberOf("web", [WEB], { upstreams: [OTHER_UPSTREAM] });
  await client.request({ method: "setZones", zones: [zoneDocument({ members: [choosy] })] });
  expect(dig("+short", "example.net")).toBe("192.0.2.1\n");
  expect(dig("+short", "-b", WEB, "example.net")).toBe("192.0.2.2\n");
  await client.request({ method: "upsert", network: "br0", member: zoneMemberOf("web", [WEB]) });
  expect(dig("+short", "-b", WEB, "example.net")).toBe("192.0.2.1\n");
});

test("netd-dns serves others while one TCP client holds as many connections as it gets", async () => {
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  const query = Buffer.concat([Buffer.from([0, 21]), formatQuery("web", "A")]);
  const script = `
    const net = require("node:net");
    let replies = 0;
    let refusals = 0;
    const count = () => replies + refusals === 100 && process.stdout.write(replies + " of 100\\n");
    for (let n = 0; n < 100; n++) {
      const socket = net.connect({ host: "${GATEWAY}", port: 53, localAddress: "${WEB}" });
      let isAnswered = false;
      socket.on("error", () => {});
      socket.on("connect", () => socket.write(Buffer.from("${query.toString("hex")}", "hex")));
      socket.on("data", () => { isAnswered = true; replies++; count(); });
      socket.on("close", () => { if (!isAnswered) { refusals++; count(); } });
    }`;
  await using hog = await startInside(process.execPath, "-e", script);
  expect(hog.firstLine).toBe("16 of 100");
  expect(dig("+short", "+tcp", "web")).toBe(`${WEB}\n`);
  expect(dig("+short", "web")).toBe(`${WEB}\n`);
});

test("netd-dns names the address and the remedy when port 53 is taken, and keeps the zones it has", async () => {
  await using _upstream = await startUpstream(OTHER_GATEWAY, "192.0.2.1");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  const other = zoneDocumentOf("br1", OTHER_GATEWAY, { subnets: ["10.0.0.0/24"] });
  await expect(client.request({ method: "setZones", zones: [other] })).rejects.toMatchObject({
    code: "DNS_LISTEN_FAILED",
    message: `Cannot answer names on ${OTHER_GATEWAY} port 53: another program has that port`,
    remedy: expect.stringContaining("ss -lnp"),
  });
  expect(dig("+short", "web")).toBe(`${WEB}\n`);
});

test("netd-dns goes on when netd is gone, and stops cleanly on SIGTERM", async () => {
  await using dns = await startDns();
  const client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument()] });
  client.close();
  await client.closed;
  expect(dig("+short", "web")).toBe(`${WEB}\n`);
  dns.process.kill("SIGTERM");
  expect(await dns.exitCode()).toBe(0);
});

test("netd-dns gives a member the names of all its networks, and nobody else's, whichever address it asks", async () => {
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  const lab = zoneDocument({
    members: [zoneMemberOf("web", [WEB], { id: "both" }), zoneMemberOf("db", ["172.16.0.3"])],
  });
  const other = zoneDocumentOf("br1", OTHER_GATEWAY, {
    subnets: ["10.0.0.0/24"],
    members: [zoneMemberOf("web", ["10.0.0.2"], { id: "both" }), zoneMemberOf("far", ["10.0.0.3"])],
  });
  await client.request({ method: "setZones", zones: [lab, other] });
  expect(dig("+short", "-b", WEB, "far")).toBe("10.0.0.3\n");
  expect(dig("+short", "-b", WEB, "db")).toBe("172.16.0.3\n");
  expect(dig("+short", "-b", WEB, "web")).toBe(`${WEB}\n`);
  expect(dig("+short", "-b", WEB, "-x", "10.0.0.3")).toBe("far.\n");
  expect(statusOf(dig("far"))).toBe("SERVFAIL"); // the host asks; forwarded, and there is no upstream
});

test("netd-dns refuses to ask others for who is in internal networks only", async () => {
  setResolvConf(UPSTREAM);
  await using _upstream = await startUpstream(UPSTREAM, "192.0.2.1");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  const members = [zoneMemberOf("web", [WEB], { upstreams: [UPSTREAM] })];
  const inner = zoneDocument({ isInternal: true, members });
  await client.request({ method: "setZones", zones: [inner] });
  expect(statusOf(dig("-b", WEB, "example.net"))).toBe("REFUSED");
  expect(statusOf(dig("example.net"))).toBe("REFUSED");
  expect(dig("+short", "-b", WEB, "web")).toBe(`${WEB}\n`);
  const open = zoneDocumentOf("br1", OTHER_GATEWAY, { members: [zoneMemberOf("web", ["10.0.0.2"])] });
  await client.request({ method: "setZones", zones: [inner, open] });
  expect(dig("+short", "-b", WEB, "example.net")).toBe("192.0.2.1\n");
});

test("netd-dns refuses to ask others for a member that is confined, until it is no more", async () => {
  setResolvConf(UPSTREAM);
  await using _upstream = await startUpstream(UPSTREAM, "192.0.2.1");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  const member = zoneMemberOf("web", [WEB]);
  await client.request({
    method: "setZones",
    zones: [zoneDocument({ members: [{ ...member, isConfined: true, upstreams: [UPSTREAM] }] })],
  });
  expect(statusOf(dig("-b", WEB, "example.net"))).toBe("REFUSED");
  expect(dig("+short", "-b", WEB, "web")).toBe(`${WEB}\n`);
  expect(dig("+short", "example.net")).toBe("192.0.2.1\n");
  await client.request({ method: "upsert", network: zoneDocument().network, member });
  expect(dig("+short", "-b", WEB, "example.net")).toBe("192.0.2.1\n");
});

test("netd-dns asks the upstreams of a network for its members that name none", async () => {
  setResolvConf(UPSTREAM);
  await using _upstream = await startUpstream(UPSTREAM, "192.0.2.1");
  await using _other = await startUpstream(OTHER_UPSTREAM, "192.0.2.2");
  await using _dns = await startDns();
  await using client = await DnsClient.connect(socketPath());
  await client.request({ method: "setZones", zones: [zoneDocument({ upstreams: [OTHER_UPSTREAM] })] });
  expect(dig("+short", "-b", WEB, "example.net")).toBe("192.0.2.2\n");
});
