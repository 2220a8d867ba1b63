import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LeaseInfo } from "../../src/api/index.ts";
import { ERROR_STATUS, type ErrorDocument } from "../../src/errors.ts";
import { RUN_DIR } from "../../src/sandbox/mounts.ts";
import { type HostTraces, hostTraces } from "../support/host-traces.ts";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

let sandbox: TestSandbox;
let socketPath: string;
let atFirst: HostTraces;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  // As the sandbox's first process sees it.
  socketPath = `/proc/${sandbox.pid}/root${RUN_DIR}/netd.sock`;
  await sandbox.ok("run", "--rm", "busybox", "true");
  atFirst = await hostTraces(sandbox);
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

interface Answer<T> {
  status: number;
  headers: IncomingHttpHeaders;
  body: T;
}

/** Send a request by node's own HTTP client; a string is a body as it is, anything else becomes JSON. */
async function send<T = ErrorDocument>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const type =
    text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
  const sent = request({ socketPath, method, path, headers: { ...type, ...headers } });
  sent.end(text);
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  let received = "";
  for await (const bytes of response) received += bytes;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: (received === "" ? undefined : JSON.parse(received)) as T,
  };
}

/** Send bytes and return all that comes back, until netd hangs up. */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(socketPath);
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  socket.on("error", () => {});
  socket.write(bytes);
  // Not once(): that throws at an error, and netd may hang up before it has read all.
  await new Promise((resolve) => socket.on("close", resolve));
  return text;
}

function expectError({ status, headers, body }: Answer<ErrorDocument>, code: keyof typeof ERROR_STATUS): void {
  expect({ status, code: body.code }).toEqual({ status: ERROR_STATUS[code], code });
  expect(headers["content-type"]).toMatch(/^application\/json/);
  expect(Object.keys(body).toSorted()).toEqual(["code", "message", "remedy"]);
  expect(body.message).toMatch(/^Cannot /);
  expect(body.remedy).toMatch(/^[A-Z]/);
}

const SLEEPER = { image: "busybox", command: ["sleep", "10000"] };

async function createContainer(spec: object): Promise<NetworkedInfo> {
  const { status, body } = await send<NetworkedInfo>("POST", "/v1/containers", spec);
  expect(status).toBe(201);
  return body;
}

const remove = (name: string) => send("DELETE", `/v1/containers/${name}?force=1`);

describe("GET /v1/openapi.json", () => {
  test("describes routes that all exist, each with a summary and its responses", async () => {
    const { status, body } = await send<{
      openapi: string;
      info: { version: string };
      paths: Record<string, Record<string, { summary?: string; responses?: object }>>;
    }>("GET", "/v1/openapi.json");
    expect(status).toBe(200);
    expect(body.openapi).toMatch(/^3\./);
    const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, route]) => ({ method: method.toUpperCase(), path, route })),
    );
    for (const { method, path, route } of routes) {
      expect({ path, method, summary: typeof route.summary }).toEqual({ path, method, summary: "string" });
      expect(Object.keys(route.responses ?? {}).length).toBeGreaterThan(0);
      if (path === "/v1/events") continue; // goes on for ever
      const answer = await send(
        "DELETE" === method || path.includes("{") ? method : "OPTIONS",
        path.replaceAll(/\{\w+\}/g, "nosuch"),
      );
      expect({ method, path, code: answer.body?.code === "API_ROUTE_UNKNOWN" && path.includes("{") }).toEqual({
        method,
        path,
        code: false,
      });
    }
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        "GET /v1/containers",
        "POST /v1/containers",
        "GET /v1/containers/{id}",
        "DELETE /v1/containers/{id}",
        ...["start", "stop", "kill", "wait", "attach", "exec"].map((verb) => `POST /v1/containers/{id}/${verb}`),
        "GET /v1/containers/{id}/logs",
        "GET /v1/leases",
        "GET /v1/networks",
        "GET /v1/images",
        "PUT /v1/images/{name}",
        "DELETE /v1/images/{name}",
        "GET /v1/events",
        "GET /v1/info",
      ]),
    );
  });
});

describe("errors of the API", () => {
  const refused: [method: string, path: string, body: unknown, code: keyof typeof ERROR_STATUS][] = [
    ["GET", "/v1/nosuch", undefined, "API_ROUTE_UNKNOWN"],
    ["GET", "/", undefined, "API_ROUTE_UNKNOWN"],
    ["PATCH", "/v1/containers", undefined, "API_ROUTE_UNKNOWN"],
    ["GET", "/v1/containers/nosuch", undefined, "CONTAINER_UNKNOWN"],
    ["GET", "/v1/containers/..%2f..%2fetc", undefined, "CONTAINER_UNKNOWN"],
    ["GET", "/v1/containers/%zz", undefined, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers/nosuch/wait", undefined, "CONTAINER_UNKNOWN"],
    ["DELETE", "/v1/containers/nosuch", undefined, "CONTAINER_UNKNOWN"],
    ["GET", "/v1/networks/nosuch", undefined, "NETWORK_UNKNOWN"],
    ["DELETE", "/v1/images/nosuch", undefined, "IMAGE_UNKNOWN"],
    ["POST", "/v1/containers", { image: "nosuch" }, "IMAGE_UNKNOWN"],
    ["POST", "/v1/containers", { image: "busybox", name: "BAD" }, "CONTAINER_NAME_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", ip: "10.1.1.1" }, "IPAM_ADDRESS_OUTSIDE_SUBNET"],
    ["POST", "/v1/containers", { image: "busybox", ip: "nowhere" }, "ADDRESS_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", mac: "zz" }, "MAC_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", user: "nosuch" }, "USER_UNKNOWN"],
    ["POST", "/v1/containers", "", "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", "{", "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", "not json", "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", '{"image":"busybox"} trailing', "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", '{"image":"busybox","__proto__":{"x":1}}', "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", "null", "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", "[]", "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", "42", "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", {}, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: 1 }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", command: "sh" }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", command: ["a\0b"] }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", env: ["A=a\0b"] }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", env: ["=b"] }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", unknown: true }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", memoryBytes: 1 }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", memoryBytes: 1e300 }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers", { image: "busybox", tty: "yes" }, "API_REQUEST_INVALID"],
    [
      "POST",
      "/v1/containers",
      { image: "busybox", mounts: [{ source: "relative", target: "/x", readOnly: true }] },
      "API_REQUEST_INVALID",
    ],
    ["POST", "/v1/containers", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers/nosuch/kill", { signal: 9 }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers/nosuch/stop", { timeoutSeconds: -2 }, "API_REQUEST_INVALID"],
    ["POST", "/v1/containers/nosuch/exec", { command: ["true"] }, "API_REQUEST_INVALID"],
  ];
  test.each(
    refused.map(([method, path, body, code]) => {
      const shown = typeof body === "string" ? body : (JSON.stringify(body) ?? "nothing");
      return { method, path, body, code, shown: shown.slice(0, 60) };
    }),
  )("$method $path with $shown is refused, and nothing is left", async ({ method, path, body, code }) => {
    expectError(await send(method, path, body), code);
    expect(await sandbox.json("ps", "-a")).toEqual([]);
  });

  test("a body that is too large is refused before it is sent", async () => {
    const head =
      "POST /v1/containers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2097152\r\n\r\n{";
    const [status = "", body = "{}"] = (await sendRaw(head)).split("\r\n\r\n");
    expect(status).toMatch(/^HTTP\/1\.1 413 /);
    expect(JSON.parse(body)).toMatchObject({
      code: "API_BODY_TOO_LARGE",
      message: expect.stringContaining("1048576 bytes"),
    });
  });

  test("a body of another type is refused", async () => {
    expectError(
      await send("POST", "/v1/containers", "image=busybox", { "Content-Type": "text/plain" }),
      "API_REQUEST_INVALID",
    );
  });

  test("what is not HTTP, or too much of it, gets an answer or none, and netd goes on", async () => {
    expect(await sendRaw("garbage\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await sendRaw(`GET /v1/info HTTP/1.1\r\nHost: x\r\nBig: ${"x".repeat(1 << 20)}\r\n\r\n`)).toMatch(
      /^(HTTP\/1\.1 431 |$)/,
    );
    expect(
      await sendRaw("POST /v1/containers HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ).toMatch(/^HTTP\/1\.1 400 /);
    const half = connect(socketPath);
    half.on("error", () => {});
    half.write(
      "POST /v1/containers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    await once(half, "connect");
    half.destroy();
    expect((await send("GET", "/v1/info")).status).toBe(200);
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("an upgrade that cannot be is answered as any other request", async () => {
    const upgrade = (path: string, body: string): string =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: netd-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const { id } = await createContainer({ ...SLEEPER, name: "idle" });
    const exec = `/v1/containers/${id}/exec`;
    for (const [path, body, status, code] of [
      ["/v1/containers/nosuch/exec", '{"command":["true"]}', 404, "CONTAINER_UNKNOWN"],
      ["/v1/containers/nosuch/attach", "", 404, "CONTAINER_UNKNOWN"],
      [exec, '{"command":["true"]}', 409, "CONTAINER_NOT_RUNNING"],
      [exec, "{", 400, "API_REQUEST_INVALID"],
      [exec, '{"command":[]}', 400, "API_REQUEST_INVALID"],
      [exec, '{"command":["true"],"extra":1}', 400, "API_REQUEST_INVALID"],
      ["/v1/nosuch", "", 404, "API_ROUTE_UNKNOWN"],
      ["/v1/containers/%zz/attach", "", 400, "API_REQUEST_INVALID"],
    ] as const) {
      const [head = "", document = "{}"] = (await sendRaw(upgrade(path, body))).split("\r\n\r\n");
      expect({ path, body, head }).toEqual({ path, body, head: expect.stringContaining(`HTTP/1.1 ${status} `) });
      expect(JSON.parse(document)).toMatchObject({ code, message: expect.stringMatching(/^Cannot /) });
    }
    await remove("idle");
  });
});

describe("POST /v1/containers/:id/wait", () => {
  test("answers when the container ends, and a client that goes before does no harm", async () => {
    await createContainer({ ...SLEEPER, name: "awaited" });
    expect((await send("POST", "/v1/containers/awaited/start")).status).toBe(200);
    const impatient = request({ socketPath, method: "POST", path: "/v1/containers/awaited/wait" });
    impatient.on("error", () => {});
    impatient.end();
    await once(impatient, "finish");
    impatient.destroy();
    let isAnswered = false;
    const waiting = send<{ exitCode: number }>("POST", "/v1/containers/awaited/wait").then((answer) => {
      isAnswered = true;
      return answer;
    });
    expect((await send<NetworkedInfo>("GET", "/v1/containers/awaited")).body.state).toBe("running");
    expect(isAnswered).toBe(false);
    expect((await send("POST", "/v1/containers/awaited/kill", { signal: "SIGKILL" })).status).toBe(200);
    expect(await waiting).toMatchObject({ status: 200, body: { exitCode: 137 } });
    expect((await remove("awaited")).status).toBe(204);
  });
});

describe("requests at the same time", () => {
  test("of ten creates with one name, one wins and nine are told who has it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        send<ErrorDocument>("POST", "/v1/containers", { ...SLEEPER, name: "contested" }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    for (const answer of answers.filter(({ status }) => status === 409)) expectError(answer, "CONTAINER_NAME_TAKEN");
    await remove("contested");
  });

  test("of ten creates with one address, one wins", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        send<ErrorDocument>("POST", "/v1/containers", { ...SLEEPER, ip: "172.16.0.200" }),
      ),
    );
    for (const answer of answers.filter(({ status }) => status !== 201)) expectError(answer, "IPAM_ADDRESS_TAKEN");
    const leases = (await send<LeaseInfo[]>("GET", "/v1/leases")).body;
    expect(leases.map(({ address }) => address)).toEqual(["172.16.0.200"]);
    await remove(leases[0]!.containerId); // checked above
  });

  test("starts, stops and removals of one container end in a state that was asked for", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await createContainer({ ...SLEEPER, name: "busy" });
      const path = `/v1/containers/${id}`;
      const answers = await Promise.all([
        send("POST", `${path}/start`),
        send("POST", `${path}/start`),
        send("POST", `${path}/stop`, { timeoutSeconds: 0 }),
        send("DELETE", `${path}?force=1`),
        send("DELETE", `${path}?force=1`),
      ]);
      for (const { status } of answers) expect([200, 204, 404, 409]).toContain(status);
      await remove(id);
    }
    expect(await sandbox.json("ps", "-a")).toEqual([]);
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });

  test("forty containers come and go, eight at a time, each with an address of its own", async () => {
    const addresses: string[] = [];
    const one = async (): Promise<void> => {
      for (let count = 0; count < 5; count += 1) {
        const { id, endpoint } = await createContainer(SLEEPER);
        addresses.push(endpoint.address);
        expect((await send("POST", `/v1/containers/${id}/start`)).status).toBe(200);
        if (count % 2 === 0) expect((await remove(id)).status).toBe(204);
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
    const running = (await send<NetworkedInfo[]>("GET", "/v1/containers")).body;
    expect(running).toHaveLength(16);
    const links = JSON.parse((await sandbox.run("ip", "-json", "link", "show", "master", "br0")).stdout) as {
      ifname: string;
    }[];
    expect(links.map(({ ifname }) => ifname).toSorted()).toEqual(
      running.map(({ endpoint }) => endpoint.hostInterface).toSorted(),
    );
    await Promise.all(running.map(({ id }) => remove(id)));
    expect(new Set(addresses).size).toBe(40);
    expect(await hostTraces(sandbox)).toEqual(atFirst);
  });
});
