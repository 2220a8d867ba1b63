import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { ContainerInfo, LeaseInfo } from "../../src/api/index.ts";
import { formatFrame } from "../../src/stream/index.ts";
import { type FakeHandler, FakeNetd } from "../support/fake-netd.ts";
import { DIST } from "../support/sandbox.ts";

const UPGRADED = Buffer.from("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: netd-stream\r\n\r\n");
const ID = "0123456789abcdef".repeat(4);

const CONTAINER: ContainerInfo = {
  id: ID,
  name: "web",
  image: "busybox",
  command: ["sh", "-c", "echo \x1b[31mred; sleep 100"],
  state: "exited",
  exitCode: 3,
  restartCount: 0,
  networkMode: "default",
  createdAt: "2025-01-31T12:00:00.000Z",
  hostname: "web",
  endpoint: {
    network: "default",
    address: "172.16.0.2",
    prefixLength: 24,
    gateway: "172.16.0.1",
    mac: "02:42:ac:10:00:02",
    hostInterface: "ve012345",
    netns: "/run/netns/web",
  },
  labels: {},
  spec: { image: "busybox" },
  files: { hosts: "/h", hostname: "/n", resolvConf: "/r", log: "/l" },
};

const LEASE: LeaseInfo = {
  address: "172.16.0.2",
  mac: "02:42:ac:10:00:02",
  container: "web",
  containerId: ID,
  network: "default",
  hostInterface: "ve012345",
  state: "running",
  since: "2025-01-31T12:00:00.123Z",
};

interface Result {
  stdout: Buffer;
  stderr: string;
  exitCode: number;
}

/** Run the built netctl against a server that answers with `handler`. */
async function netctl(fake: FakeNetd, argv: string[], input = ""): Promise<Result> {
  const child = spawn(process.execPath, [`${DIST}/netctl.cjs`, ...argv], {
    env: { ...process.env, NETD_SOCKET: fake.socketPath },
  });
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on("data", (bytes: Buffer) => parts.stdout.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => parts.stderr.push(bytes));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [exitCode] = (await once(child, "close")) as [number];
  return { stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr).toString(), exitCode };
}

/** Answers like a netd that has one container, whose stream carries the given bytes. */
function serveStream(...chunks: Buffer[]): FakeHandler {
  return ({ method, path }, socket) => {
    if (method === "POST" && path === "/v1/containers") return FakeNetd.json(201, CONTAINER);
    if (method === "DELETE") return "HTTP/1.1 204 No Content\r\n\r\n";
    socket.write(UPGRADED);
    for (const chunk of chunks) socket.write(chunk);
    return undefined;
  };
}

describe("netctl run", () => {
  test("keeps standard output and error apart, byte for byte, and takes over the exit code", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const stream = Buffer.concat([
      formatFrame("stdout", bytes),
      formatFrame("stderr", Buffer.from("trouble\n")),
      formatFrame("exit", { exitCode: 42 }),
    ]);
    // Cut in the middle of a header and of a payload.
    await using fake = await FakeNetd.listen(
      serveStream(stream.subarray(0, 3), stream.subarray(3, 100), stream.subarray(100)),
    );
    const { stdout, stderr, exitCode } = await netctl(fake, ["run", "busybox", "true"]);
    expect(stdout).toEqual(bytes);
    expect(stderr).toBe("trouble\n");
    expect(exitCode).toBe(42);
  });

  test("prints one document with --json", async () => {
    const frames = [formatFrame("stdout", Buffer.from("out")), formatFrame("exit", { exitCode: 1 })];
    await using fake = await FakeNetd.listen(serveStream(...frames));
    const { stdout, exitCode } = await netctl(fake, ["run", "--json", "busybox", "true"]);
    expect(JSON.parse(stdout.toString())).toEqual({ id: ID, name: "web", exitCode: 1, stdout: "out", stderr: "" });
    expect(exitCode).toBe(1);
  });

  test.each([
    ["COMMAND_NOT_FOUND", 422, 127],
    ["COMMAND_NOT_EXECUTABLE", 422, 126],
    ["LAUNCH_FAILED", 500, 125],
  ])("removes the container again when it cannot start: %s", async (code, status, exitCode) => {
    await using fake = await FakeNetd.listen(({ method, path }) => {
      if (method === "POST" && path === "/v1/containers") return FakeNetd.json(201, CONTAINER);
      if (method === "DELETE") return "HTTP/1.1 204 No Content\r\n\r\n";
      return FakeNetd.json(status, { code, message: "Cannot start 'web': because", remedy: "Do better" });
    });
    const result = await netctl(fake, ["run", "busybox", "nope"]);
    expect(result).toMatchObject({ exitCode, stderr: "netctl: Cannot start 'web': because\n  try: Do better\n" });
    expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /v1/containers",
      `POST /v1/containers/${ID}/attach?start=1`,
      `DELETE /v1/containers/${ID}?force=1`,
    ]);
  });

  test("says so when the connection breaks before the end", async () => {
    await using fake = await FakeNetd.listen(({ path }) =>
      path === "/v1/containers"
        ? FakeNetd.json(201, CONTAINER)
        : Buffer.concat([UPGRADED, formatFrame("stdout", Buffer.from("x"))]),
    );
    const { stdout, stderr, exitCode } = await netctl(fake, ["run", "busybox", "true"]);
    expect(stdout.toString()).toBe("x");
    expect(stderr).toContain("netd closed the connection");
    expect(exitCode).toBe(125);
  });

  test("sends standard input and its end", async () => {
    const received: Buffer[] = [];
    await using fake = await FakeNetd.listen(({ path }, socket) => {
      if (path === "/v1/containers") return FakeNetd.json(201, CONTAINER);
      socket.write(UPGRADED);
      socket.on("data", (bytes: Buffer) => {
        received.push(bytes);
        const isEnd = Buffer.concat(received)
          .subarray(-5)
          .equals(formatFrame("stdin", Buffer.alloc(0)));
        if (isEnd) socket.end(formatFrame("exit", { exitCode: 0 }));
      });
      return undefined;
    });
    await netctl(fake, ["run", "-i", "busybox", "cat"], "typed");
    expect(Buffer.concat(received)).toEqual(
      Buffer.concat([formatFrame("stdin", Buffer.from("typed")), formatFrame("stdin", Buffer.alloc(0))]),
    );
  });
});

describe("netctl", () => {
  test("ls aligns the leases", async () => {
    await using fake = await FakeNetd.listen(() => FakeNetd.json(200, [LEASE]));
    const { stdout } = await netctl(fake, ["ls"]);
    expect(stdout.toString()).toBe(
      [
        "ADDRESS      MAC                 CONTAINER   NETWORK   HOST IF    STATE     SINCE",
        "172.16.0.2   02:42:ac:10:00:02   web         default   ve012345   running   2025-01-31T12:00:00Z",
        "",
      ].join("\n"),
    );
  });

  test("ps makes control characters of commands harmless", async () => {
    await using fake = await FakeNetd.listen(() => FakeNetd.json(200, [CONTAINER]));
    const { stdout } = await netctl(fake, ["ps", "-a", "--no-trunc"]);
    expect(stdout.toString()).toContain("echo \\u{1b}[31mred");
    expect(stdout.toString()).toContain("Exited (3)");
    expect(stdout.toString()).not.toContain("\x1b");
  });

  test("ps -q prints ids that rm takes", async () => {
    await using fake = await FakeNetd.listen(() => FakeNetd.json(200, [CONTAINER]));
    expect((await netctl(fake, ["ps", "-aq"])).stdout.toString()).toBe(`${ID.slice(0, 12)}\n`);
    expect(fake.requests[0]?.path).toBe("/v1/containers?all=1");
  });

  test("logs writes each frame to its stream", async () => {
    const frames = Buffer.concat([
      formatFrame("stdout", Buffer.from("a\n")),
      formatFrame("stderr", Buffer.from("b\n")),
    ]);
    const chunked = [`${frames.length.toString(16)}\r\n`, frames, "\r\n0\r\n\r\n"].map((part) => Buffer.from(part));
    await using fake = await FakeNetd.listen(() =>
      Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), ...chunked]),
    );
    const { stdout, stderr } = await netctl(fake, ["logs", "-f", "--tail", "5", "-t", "web"]);
    expect([stdout.toString(), stderr]).toEqual(["a\n", "b\n"]);
    expect(fake.requests[0]?.path).toBe("/v1/containers/web/logs?follow=1&tail=5&timestamps=1");
  });

  test("rm goes on after a failure and exits 1", async () => {
    await using fake = await FakeNetd.listen(({ path }) =>
      path.includes("gone")
        ? FakeNetd.json(404, { code: "CONTAINER_UNKNOWN", message: "Cannot find container 'gone': there is none" })
        : "HTTP/1.1 204 No Content\r\n\r\n",
    );
    const { stdout, stderr, exitCode } = await netctl(fake, ["rm", "gone", "web"]);
    expect([stdout.toString(), stderr, exitCode]).toEqual([
      "web\n",
      "netctl: Cannot find container 'gone': there is none\n",
      1,
    ]);
  });

  test("image import sends the archive from standard input", async () => {
    await using fake = await FakeNetd.listen(() =>
      FakeNetd.json(200, { name: "t", id: "sha256:1", createdAt: "2025-01-31T12:00:00Z", sizeBytes: 1 }),
    );
    const { stdout } = await netctl(fake, ["image", "import", "-c", 'CMD ["sh"]', "t"], "archive");
    expect(stdout.toString()).toBe("sha256:1\n");
    expect(fake.requests[0]).toMatchObject({ method: "PUT", path: "/v1/images/t?change=CMD+%5B%22sh%22%5D" });
    expect(fake.requests[0]?.body).toBe("7\r\narchive\r\n0\r\n\r\n");
  });

  test("image import tells netd's reason when it breaks the upload off", async () => {
    const answer = FakeNetd.json(413, { code: "IMAGE_TOO_LARGE", message: "Cannot import 't': too large" });
    await using fake = await FakeNetd.listen(() => answer, { isEager: true });
    const { stderr, exitCode } = await netctl(fake, ["image", "import", "t"], "x".repeat(1 << 24));
    expect([stderr, exitCode]).toEqual(["netctl: Cannot import 't': too large\n", 1]);
  });

  test("image import names a missing file", async () => {
    await using fake = await FakeNetd.listen(() => undefined);
    const { stderr, exitCode } = await netctl(fake, ["image", "import", "t", "/no/such.tar"]);
    expect(stderr).toContain("Cannot read archive '/no/such.tar': there is no such file");
    expect(exitCode).toBe(1);
  });

  test("is silent when its reader has seen enough", async () => {
    const many = Array.from({ length: 20_000 }, () => LEASE);
    await using fake = await FakeNetd.listen(() => FakeNetd.json(200, many));
    const child = spawn("sh", ["-c", `"$0" "$1" ls | head -1`, process.execPath, `${DIST}/netctl.cjs`], {
      env: { ...process.env, NETD_SOCKET: fake.socketPath },
    });
    const parts: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => parts.push(bytes));
    await once(child, "close");
    expect(Buffer.concat(parts).toString()).toMatch(/^ADDRESS +MAC .*\n$/);
  });

  test("loses nothing to a slow reader", async () => {
    const many = Array.from({ length: 20_000 }, () => LEASE);
    await using fake = await FakeNetd.listen(() => FakeNetd.json(200, many));
    const child = spawn("sh", ["-c", `"$0" "$1" ls | (read heading; wc -l)`, process.execPath, `${DIST}/netctl.cjs`], {
      env: { ...process.env, NETD_SOCKET: fake.socketPath },
    });
    const [count] = (await once(child.stdout, "data")) as [Buffer];
    expect(Number(count.toString())).toBe(many.length);
    if (child.exitCode === null) await once(child, "exit");
  });

  test("stops at a server that does not speak its language", async () => {
    await using fake = await FakeNetd.listen(() => "SSH-2.0-OpenSSH\r\n\r\n");
    const { stderr, exitCode } = await netctl(fake, ["ps"]);
    expect(stderr).toContain("it begins with 'SSH-2.0-OpenSSH'");
    expect(exitCode).toBe(1);
  });
});
