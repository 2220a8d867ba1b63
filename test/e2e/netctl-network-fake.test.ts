import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { NetworkInfo, PortMapping } from "../../src/api/index.ts";
import { type FakeHandler, FakeNetd } from "../support/fake-netd.ts";
import { LiveProgram } from "../support/live-program.ts";
import { DIST } from "../support/sandbox.ts";

const LAB: NetworkInfo = {
  id: "0123456789",
  name: "lab",
  kind: "bridge",
  bridge: "br-0123456789",
  subnet: "10.20.0.0/24",
  subnet6: "fd00:1:2:3::/64",
  gateway: "10.20.0.1",
  gateway6: "fd00:1:2:3::1",
  mac: "02:42:0a:14:00:01",
  mtu: 1500,
  adopted: false,
  nat: "masquerade",
  nat6: "masquerade",
  internal: false,
  isolated: false,
  ranges: [],
  excludes: [],
  dns: [],
  routes: [],
  labels: { team: "red" },
  drift: "heal",
  createdAt: "2025-01-31T12:00:00.000Z",
  addresses: { total: 253, used: 1 },
};
const VAULT: NetworkInfo = {
  ...LAB,
  ...{ id: "abcdef0123", name: "vault", bridge: "br-abcdef0123", internal: true, labels: {} },
  subnet6: undefined as unknown as string,
};
const WEB_PORT: PortMapping = {
  hostAddress: "0.0.0.0",
  hostPort: 8080,
  containerPort: 80,
  count: 1,
  protocol: "tcp",
};
const NO_CONTENT = "HTTP/1.1 204 No Content\r\n\r\n";

/** A change that is taken back in a minute. */
function pending(): { id: string; what: string; until: string } {
  return { id: "4f2a9c01", what: "net set lab", until: new Date(Date.now() + 60_000).toISOString() };
}

interface Result {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Run the built netctl against a server that answers with `handler`. */
async function netctl(fake: FakeNetd, line: string, input = ""): Promise<Result> {
  const child = spawn(process.execPath, [`${DIST}/netctl.cjs`, ...line.split(" ")], {
    env: { ...process.env, NETD_SOCKET: fake.socketPath },
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (bytes: Buffer) => {
      texts[name] += bytes.toString();
    });
  }
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [exitCode] = (await once(child, "close")) as [number];
  return { ...texts, exitCode };
}

const answer =
  (status: number, document: unknown): FakeHandler =>
  () =>
    status === 204 ? NO_CONTENT : FakeNetd.json(status, document);

function sent(fake: FakeNetd): string[] {
  return fake.requests.map(({ method, path, body }) => `${method} ${path}${body === "" ? "" : ` ${body}`}`);
}

describe("netctl net", () => {
  test("create sends the network and prints its id", async () => {
    await using fake = await FakeNetd.listen(answer(201, LAB));
    const result = await netctl(
      fake,
      "network create --driver bridge --subnet 10.20.0.0/24 --ipv6 --label team=red lab",
    );
    expect(result).toEqual({ stdout: `${LAB.id}\n`, stderr: "", exitCode: 0 });
    expect(sent(fake)).toEqual([
      'POST /v1/networks {"name":"lab","kind":"bridge","subnet":"10.20.0.0/24","subnet6":"auto","labels":{"team":"red"}}',
    ]);
  });

  test("create --show asks for the commands only", async () => {
    await using fake = await FakeNetd.listen(answer(200, { commands: ["ip link add br-x type bridge"] }));
    expect((await netctl(fake, "net create --show lab")).stdout).toBe("ip link add br-x type bridge\n");
    expect(sent(fake)).toEqual(['POST /v1/networks?show=1 {"name":"lab"}']);
  });

  test.each([
    ["", ["0123456789   lab     bridge   br-0123456789   10.20.0.0/24   fd00:1:2:3::/64   1500   1/253"]],
    [" -q", ["0123456789", "abcdef0123"]],
    [" -q --filter name=va", ["abcdef0123"]],
    [" -q --filter label=team=red", ["0123456789"]],
    [" -q --filter driver=macvlan", []],
    [" -q -f type=custom -f id=0123", ["0123456789"]],
    [" --format json --filter name=lab", [JSON.stringify(LAB)]],
  ])("ls%s", async (options, lines) => {
    await using fake = await FakeNetd.listen(answer(200, [LAB, VAULT]));
    const { stdout } = await netctl(fake, `net ls${options}`);
    if (options === "") expect(stdout).toMatch(/^NETWORK ID +NAME +KIND +BRIDGE +SUBNET +SUBNET6 +MTU +USED\n/);
    if (options === "") expect(stdout).toContain(lines[0]);
    else expect(stdout).toBe(lines.map((line) => `${line}\n`).join(""));
  });

  test("ls --filter dangling=true looks at all containers", async () => {
    const containers = [{ networkMode: "lab", endpoints: [{ network: "lab" }] }];
    await using fake = await FakeNetd.listen(({ path }) =>
      FakeNetd.json(200, path.startsWith("/v1/containers") ? containers : [LAB, VAULT]),
    );
    expect((await netctl(fake, "net ls -q --filter dangling=true")).stdout).toBe("abcdef0123\n");
    expect(fake.requests.map(({ path }) => path)).toContain("/v1/containers?all=1");
  });

  test("rm -f says nothing of what is not there", async () => {
    const gone = { code: "NETWORK_UNKNOWN", message: "Cannot find network 'x': there is none of that name" };
    await using fake = await FakeNetd.listen(answer(404, gone));
    expect(await netctl(fake, "net rm -f x")).toEqual({ stdout: "x\n", stderr: "", exitCode: 0 });
    expect(await netctl(fake, "net rm x")).toEqual({ stdout: "", stderr: `netctl: ${gone.message}\n`, exitCode: 1 });
  });

  test.each([
    ["net prune", "n\n", []],
    ["net prune", "", []],
    ["net prune", "y\n", ["POST /v1/networks/prune"]],
    ["net prune -f --filter label=team=red", "", ["POST /v1/networks/prune?label=team%3Dred"]],
  ])("%s asks as docker does: %j", async (line, input, requests) => {
    await using fake = await FakeNetd.listen(answer(200, { networks: ["lab"] }));
    const { stdout } = await netctl(fake, line, input);
    expect(sent(fake)).toEqual(requests);
    expect(stdout.includes("WARNING! This will remove all custom networks")).toBe(!line.includes("-f"));
    expect(stdout.endsWith("Deleted Networks:\nlab\n\n")).toBe(requests.length > 0);
  });

  test("connect and disconnect are silent", async () => {
    await using fake = await FakeNetd.listen(({ path }) =>
      path.endsWith("/connect") ? FakeNetd.json(200, {}) : NO_CONTENT,
    );
    const wishes = "--ip 10.20.0.9 --ip6 fd00::9 --mac-address 02:42:00:00:00:09 --alias db --gw-priority 1";
    expect(await netctl(fake, `net connect ${wishes} lab web`)).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    expect(await netctl(fake, "net disconnect lab web")).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    expect(sent(fake)).toEqual([
      'POST /v1/networks/lab/connect {"container":"web","ip":"10.20.0.9","ip6":"fd00::9","mac":"02:42:00:00:00:09",' +
        '"aliases":["db"],"defaultRoute":true}',
      'POST /v1/networks/lab/disconnect {"container":"web"}',
    ]);
  });

  test("disconnect -f says nothing of who is not in the network", async () => {
    const out = { code: "ENDPOINT_UNKNOWN", message: "Cannot disconnect container 'web': it is not in that network" };
    await using fake = await FakeNetd.listen(answer(404, out));
    expect(await netctl(fake, "net disconnect -f lab web")).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    expect((await netctl(fake, "net disconnect lab web")).stderr).toBe(`netctl: ${out.message}\n`);
  });

  test("set --confirm in a pipe tells how to confirm, and returns", async () => {
    await using fake = await FakeNetd.listen(answer(200, { ...LAB, pending: pending() }));
    const { stdout, exitCode } = await netctl(fake, "net set lab --internal --dns none --mtu auto --confirm 1m");
    expect(stdout).toMatch(/^net set lab: taken back in \d+ s unless confirmed: netctl change confirm 4f2a9c01\n$/);
    expect(exitCode).toBe(0);
    expect(sent(fake)).toEqual(['PATCH /v1/networks/lab {"mtu":0,"internal":true,"dns":[],"confirmSeconds":60}']);
  });

  test.each([
    ["Enter", "\r", "confirm", /Kept/, 0],
    ["Ctrl-C", "\x03", "revert", /Taken back/, 130],
    ["Ctrl-D", "\x04", "revert", /Taken back/, 1],
    ["no", "no\r", "revert", /Taken back/, 1],
  ])("set --confirm on a terminal: %s", async (_name, keys, end, said, exitCode) => {
    await using fake = await FakeNetd.listen(({ method }) =>
      method === "PATCH" ? FakeNetd.json(200, { ...LAB, pending: pending() }) : NO_CONTENT,
    );
    const env = { ...process.env, NETD_SOCKET: fake.socketPath, SHELL: "/bin/sh" };
    const argv = [process.execPath, `${DIST}/netctl.cjs`, "net", "set", "lab", "--internal", "--confirm", "60s"];
    await using program = LiveProgram.start(argv, { env, hasTerminal: true });
    await program.see(/Press Enter within \d+ s to keep it, Ctrl-C to take it back/);
    program.type(keys);
    await program.see(said);
    expect(await program.exitCode()).toBe(exitCode);
    expect(fake.requests.map(({ path }) => path)).toEqual(["/v1/networks/lab", `/v1/changes/4f2a9c01/${end}`]);
  });

  test("set --confirm on a terminal ends when the time is over", async () => {
    const soon = { ...pending(), until: new Date(Date.now() + 1000).toISOString() };
    await using fake = await FakeNetd.listen(answer(200, { ...LAB, pending: soon }));
    const env = { ...process.env, NETD_SOCKET: fake.socketPath, SHELL: "/bin/sh" };
    const argv = [process.execPath, `${DIST}/netctl.cjs`, "net", "set", "lab", "--internal", "--confirm", "1s"];
    await using program = LiveProgram.start(argv, { env, hasTerminal: true });
    await program.see(/Nobody confirmed it: netd takes it back/);
    expect(await program.exitCode()).toBe(1);
    expect(fake.requests).toHaveLength(1);
  });
});

describe("netctl", () => {
  test.each([
    ["publish web 0.0.0.0:8080:80", "publish", { ports: [WEB_PORT] }, "80/tcp -> 0.0.0.0:8080\n"],
    ["unpublish web 80", "unpublish", { ports: [] }, ""],
  ])("%s prints what is published then", async (line, action, document, stdout) => {
    await using fake = await FakeNetd.listen(answer(200, document));
    expect(await netctl(fake, line)).toEqual({ stdout, stderr: "", exitCode: 0 });
    expect(fake.requests[0]).toMatchObject({ method: "POST", path: `/v1/containers/web/${action}` });
  });

  test.each([
    ["port web", "53/udp -> [::1]:5353\n80/tcp -> 0.0.0.0:8080\n", "", 0],
    ["port web 80", "0.0.0.0:8080\n", "", 0],
    ["port web 53/udp", "[::1]:5353\n", "", 0],
    ["port web 53", "", "Cannot tell where port 53/tcp of container 'web' is published: it is not", 1],
  ])("%s prints as docker does", async (line, stdout, stderr, exitCode) => {
    const dns: PortMapping = { hostAddress: "::1", hostPort: 5353, containerPort: 53, count: 1, protocol: "udp" };
    await using fake = await FakeNetd.listen(answer(200, { name: "web", ports: [WEB_PORT, dns] }));
    const result = await netctl(fake, line);
    expect(result).toMatchObject({ stdout, exitCode });
    expect(result.stderr).toContain(stderr);
  });

  test.each([
    ["allow front back", 'POST /v1/allows {"from":"front","to":"back"}'],
    ["deny front back", 'POST /v1/allows/remove {"from":"front","to":"back"}'],
    ["acl rm db-only", "DELETE /v1/acls/db-only"],
    ["change confirm 4f2a9c01", "POST /v1/changes/4f2a9c01/confirm"],
    ["change revert 4f2a9c01", "POST /v1/changes/4f2a9c01/revert"],
  ])("%s sends %s", async (line, request) => {
    await using fake = await FakeNetd.listen(answer(204, undefined));
    expect((await netctl(fake, line)).exitCode).toBe(0);
    expect(sent(fake)).toEqual([request]);
  });

  test("change confirm --show does nothing", async () => {
    await using fake = await FakeNetd.listen(answer(204, undefined));
    expect((await netctl(fake, "change confirm --show 4f2a9c01")).stdout).toBe("# netd keeps change 4f2a9c01\n");
    expect(fake.requests).toEqual([]);
  });

  test("acl add and ls", async () => {
    const acl = {
      name: "sql",
      action: "allow",
      from: "label:app=web",
      to: "container:db",
      protocol: "tcp",
      ports: ["5432"],
    };
    await using fake = await FakeNetd.listen(({ method }) => FakeNetd.json(200, method === "GET" ? [acl] : acl));
    const line = "acl add sql allow label:app=web container:db --protocol tcp --port 5432 --position 1";
    expect((await netctl(fake, line)).stdout).toBe("sql\n");
    expect(JSON.parse(fake.requests[0]?.body ?? "")).toEqual({ ...acl, position: 1 });
    expect((await netctl(fake, "acl ls")).stdout).toMatch(
      /^POSITION +NAME +ACTION +FROM +TO +PROTOCOL +PORTS\n1 +sql +allow +label:app=web +container:db +tcp +5432\n$/,
    );
  });

  test.each([
    ["drift", "- bridge br0: it is gone\n    ip link add br0 type bridge\n+ table ip x: not ours\n", 0],
    ["drift --exit-code", "- bridge br0: it is gone\n    ip link add br0 type bridge\n+ table ip x: not ours\n", 1],
    ["drift --show", "ip link add br0 type bridge\n", 0],
    ["drift --heal", "- bridge br0: it is gone\n+ table ip x: not ours\n", 0],
  ])("%s tells differences", async (line, stdout, exitCode) => {
    const items = [
      { kind: "missing", object: "bridge br0", text: "it is gone", commands: ["ip link add br0 type bridge"] },
      { kind: "foreign", object: "table ip x", text: "not ours", commands: [] },
    ];
    await using fake = await FakeNetd.listen(answer(200, items));
    expect(await netctl(fake, line)).toEqual({ stdout, stderr: "", exitCode });
    const request = line.includes("--heal") ? "POST /v1/drift/heal" : "GET /v1/drift";
    expect(sent(fake)).toEqual([request]);
  });

  test("drift says when all is well", async () => {
    await using fake = await FakeNetd.listen(answer(200, []));
    expect((await netctl(fake, "drift --exit-code")).stdout).toBe("Nothing is missing or changed\n");
  });

  test("doctor exits with 1 when there is a problem", async () => {
    const findings = [
      { level: "ok", text: "Forwarding is on", repairable: false },
      { level: "problem", text: "The bridge is full", remedy: "Make another network", repairable: false },
    ];
    await using fake = await FakeNetd.listen(answer(200, findings));
    expect(await netctl(fake, "doctor")).toEqual({
      stdout: "ok        Forwarding is on\nproblem   The bridge is full\n            try: Make another network\n",
      stderr: "",
      exitCode: 1,
    });
  });

  test("exposure asks for what it needs and tells who reaches what", async () => {
    const documents: Record<string, unknown> = {
      "/v1/containers": [
        { name: "web", state: "running", networkMode: "lab", endpoint: { network: "lab" }, ports: [WEB_PORT] },
      ],
      "/v1/networks": [LAB],
      "/v1/allows": [{ from: "front", to: "back" }],
      "/v1/acls": [],
    };
    await using fake = await FakeNetd.listen(({ path }) => FakeNetd.json(200, documents[path]));
    expect((await netctl(fake, "exposure")).stdout).toBe(
      [
        "REACHABLE FROM   AT              PROTOCOL   LEADS TO       NETWORK",
        "anyone           0.0.0.0:8080    tcp        web:80         lab",
        "network front    its addresses   any        network back   -",
        "",
      ].join("\n"),
    );
  });

  test("run -P publishes what the image and --expose name, and asks for images only then", async () => {
    const container = { id: "0123456789abcdef".repeat(4), name: "web" };
    const images = [{ name: "tiny", id: "sha256:1", createdAt: "", sizeBytes: 1, exposedPorts: ["80/tcp"] }];
    await using fake = await FakeNetd.listen(({ path }) =>
      FakeNetd.json(200, path === "/v1/images" ? images : container),
    );
    await netctl(fake, "create -P --expose 53/udp -p 8080:81 tiny");
    expect(fake.requests.map(({ path }) => path)).toEqual(["/v1/images", "/v1/containers"]);
    const { ports } = JSON.parse(fake.requests[1]?.body ?? "") as { ports: PortMapping[] };
    expect(ports.map(({ hostPort, containerPort, protocol }) => [hostPort, containerPort, protocol])).toEqual([
      [8080, 81, "tcp"],
      [0, 80, "tcp"],
      [0, 53, "udp"],
    ]);
    await netctl(fake, "create -p 8080:81 tiny");
    expect(fake.requests.at(-2)?.path).toBe("/v1/containers");
  });

  test("run -P refuses an image that exposes nothing", async () => {
    await using fake = await FakeNetd.listen(
      answer(200, [{ name: "tiny", id: "sha256:1", createdAt: "", sizeBytes: 1 }]),
    );
    const { stderr, exitCode } = await netctl(fake, "run -P tiny");
    expect(stderr).toBe(
      "netctl: Cannot publish all ports of image 'tiny': it exposes none, and --expose was not given\n  try: -p 8080:80, or --expose 80 -P\n",
    );
    expect(exitCode).toBe(2);
  });

  test("update sends egress and rates; none takes a limit away", async () => {
    await using fake = await FakeNetd.listen(answer(200, {}));
    await netctl(fake, "update --egress internal --rate-in 10mbit --rate-out none web");
    expect(sent(fake)).toEqual([
      'POST /v1/containers/web/update {"egress":"internal","rateInBps":10000000,"rateOutBps":0}',
    ]);
  });

  test.each([
    ["networks", "lab\nvault\n"],
    ["changes", "4f2a9c01\n"],
    ["nothing", ""],
  ])("completion --list %s", async (kind, stdout) => {
    await using fake = await FakeNetd.listen(({ path }) =>
      path === "/v1/networks"
        ? FakeNetd.json(200, [LAB, VAULT])
        : path === "/v1/changes"
          ? FakeNetd.json(200, [pending()])
          : FakeNetd.json(500, { code: "INTERNAL", message: "no" }),
    );
    expect((await netctl(fake, `completion --list ${kind}`)).stdout).toBe(stdout);
  });
});
