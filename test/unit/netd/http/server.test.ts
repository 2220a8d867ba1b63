import { on } from "node:events";
import type { FastifyInstance, InjectOptions } from "fastify";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { ContainerSpec } from "../../../../src/api/index.ts";
import { ERROR_STATUS, NetdError } from "../../../../src/errors.ts";
import { createServer } from "../../../../src/netd/http/index.ts";
import { FakeDaemon, WEB } from "./fake-daemon.ts";

vi.stubGlobal("NETD_VERSION", "1.2.3");

const daemon = new FakeDaemon();
let server: FastifyInstance;

// One for all: it keeps nothing, and compiling its schemas takes a tenth of a second.
beforeAll(() => {
  server = createServer(daemon.asDaemon);
  return async () => await server.close();
});

beforeEach(() => {
  daemon.reset();
});

function post(url: string, payload: InjectOptions["payload"], contentType = "application/json") {
  return server.inject({ method: "POST", url, headers: { "content-type": contentType }, payload: payload ?? "" });
}

test.each<[method: "GET" | "POST" | "DELETE", url: string, body: object | undefined, call: unknown[]]>([
  ["GET", "/v1/containers", undefined, ["listContainers", false]],
  ["GET", "/v1/containers?all=1", undefined, ["listContainers", true]],
  ["GET", "/v1/containers?all=0", undefined, ["listContainers", false]],
  ["GET", "/v1/containers/web", undefined, ["inspectContainer"]],
  ["GET", "/v1/containers/web/commands", undefined, ["showContainer"]],
  ["POST", "/v1/containers", { image: "busybox" }, ["createContainer", { image: "busybox" }]],
  ["POST", "/v1/containers?show=1", { image: "busybox" }, ["showRun", { image: "busybox" }]],
  ["POST", "/v1/containers/web/start", undefined, ["startContainer"]],
  ["POST", "/v1/containers/web/start?show=1", undefined, ["showContainer"]],
  ["POST", "/v1/containers/web/stop", undefined, ["stopContainer", {}]],
  [
    "POST",
    "/v1/containers/web/stop",
    { timeoutSeconds: 0.5, signal: "HUP" },
    ["stopContainer", { signal: 1, timeoutSeconds: 0.5 }],
  ],
  ["POST", "/v1/containers/web/stop", { timeoutSeconds: 0 }, ["stopContainer", { timeoutSeconds: 0 }]],
  ["POST", "/v1/containers/web/stop?show=1", undefined, ["showStop", undefined]],
  ["POST", "/v1/containers/web/restart", undefined, ["restartContainer", {}]],
  [
    "POST",
    "/v1/containers/web/restart",
    { timeoutSeconds: -1, signal: "INT" },
    ["restartContainer", { signal: 2, timeoutSeconds: -1 }],
  ],
  [
    "POST",
    "/v1/containers/web/update",
    { restart: { policy: "on-failure", maxRetries: 3 } },
    ["updateContainer", { restart: { policy: "on-failure", maxRetries: 3 } }],
  ],
  ["POST", "/v1/containers/web/wait?condition=removed", undefined, ["waitContainer", "removed"]],
  ["POST", "/v1/containers/web/kill", undefined, ["killContainer", 9]],
  ["POST", "/v1/containers/web/kill", { signal: "SIGUSR1" }, ["killContainer", 10]],
  ["POST", "/v1/containers/web/wait", undefined, ["waitContainer"]],
  ["DELETE", "/v1/containers/web", undefined, ["removeContainer", false]],
  ["DELETE", "/v1/containers/web?force=1", undefined, ["removeContainer", true]],
  ["DELETE", "/v1/containers/web?show=1", undefined, ["showRemove"]],
  [
    "GET",
    "/v1/containers/web/logs",
    undefined,
    ["readLogs", { isFollowing: false, hasTimestamps: false, tail: undefined }],
  ],
  [
    "GET",
    "/v1/containers/web/logs?follow=1&timestamps=1&tail=7",
    undefined,
    ["readLogs", { isFollowing: true, hasTimestamps: true, tail: 7 }],
  ],
  ["DELETE", "/v1/images/a", undefined, ["removeImage", "a"]],
])("createServer on %s %s with %j asks the daemon for %j", async (method, url, body, call) => {
  const response = await server.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
  expect(response.statusCode).toBeLessThan(300);
  expect(daemon.calls).toEqual([call]);
});

test("createServer shows a container whole, its endpoint and labels included", async () => {
  expect((await server.inject("/v1/containers/web")).json()).toEqual(WEB);
  expect((await server.inject("/v1/containers")).json()).toEqual([WEB]);
  expect((await server.inject({ method: "POST", url: "/v1/containers/web/start" })).json()).toEqual(WEB);
});

test("createServer answers a creation with 201 and the spec as it was sent", async () => {
  const spec: ContainerSpec = {
    image: "busybox",
    command: ["sh", "-c", "echo 'ü'"],
    env: ["A=b"],
    labels: { a: "b" },
    mounts: [{ source: "/a", target: "/b", readOnly: true }],
    extraHosts: [{ name: "a", address: "::1" }],
  };
  const response = await server.inject({ method: "POST", url: "/v1/containers", payload: spec });
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ ...WEB, spec });
});

test("createServer shows what a start would do as commands, not as a container", async () => {
  const response = await server.inject({ method: "POST", url: "/v1/containers/web/start?show=1" });
  expect(response.json()).toEqual({ commands: ["ip netns add web"] });
});

test("createServer answers a wait with the exit code and a removal with nothing", async () => {
  expect((await server.inject({ method: "POST", url: "/v1/containers/web/wait" })).json()).toEqual({ exitCode: 3 });
  const removal = await server.inject({ method: "DELETE", url: "/v1/containers/web" });
  expect([removal.statusCode, removal.body]).toEqual([204, ""]);
});

test("createServer gives an image archive to the daemon as a stream, with its changes", async () => {
  const response = await server.inject({
    method: "PUT",
    url: "/v1/images/own%2Fimage?change=CMD%20sh&change=ENV%20A%3Db",
    headers: { "content-type": "application/octet-stream" },
    // Larger than a JSON body may be.
    payload: Buffer.alloc(3 << 20),
  });
  expect(response.json()).toMatchObject({ name: "own/image", sizeBytes: 3 << 20 });
  expect(daemon.calls).toEqual([["importImage", "own/image", ["CMD sh", "ENV A=b"]]]);
});

test("createServer streams the events as lines, the first one empty", async () => {
  const response = await server.inject({ url: "/v1/events", payloadAsStream: true });
  expect(response.headers["content-type"]).toBe("application/x-ndjson");
  const stream = response.stream();
  const lines: string[] = [];
  const event = { at: WEB.createdAt, type: "container.started", action: "start", container: "web" };
  for await (const [chunk] of on(stream, "data")) {
    lines.push(String(chunk));
    if (lines.length === 2) break;
    daemon.emit(event);
  }
  expect(lines).toEqual(["\n", `${JSON.stringify(event)}\n`]);
});

test.each<[what: string, body: string | object, message: RegExp]>([
  ["no JSON", "{", /JSON/],
  ["an empty body", "", /body/i],
  ["JSON that is no object", "[]", /body must be object/],
  ["null", "null", /body must be object/],
  ["no image", {}, /required property '?image/],
  ["an empty image", { image: "" }, /body\.image/],
  ["an unknown field", { image: "busybox", superpowers: true }, /'superpowers'/],
  ["a number for a text", { image: 1 }, /body\.image must be string/],
  ["a text for a number", { image: "busybox", cpus: "1" }, /body\.cpus must be number/],
  ["too little memory", { image: "busybox", memoryBytes: 1 }, /body\.memoryBytes/],
  ["a fraction of a byte", { image: "busybox", memoryBytes: 7e6 + 0.5 }, /body\.memoryBytes must be integer/],
  ["no CPU at all", { image: "busybox", cpus: 0 }, /body\.cpus/],
  ["a text for a list", { image: "busybox", command: "sh" }, /body\.command must be array/],
  ["a wrong type deep inside", { image: "busybox", mounts: [{ source: "/a", target: "b" }] }, /body\.mounts\.0/],
  ["an unknown field deep inside", { image: "busybox", extraHosts: [{ name: "a", address: "b", x: 1 }] }, /'x'/],
  ["a prototype", '{"image":"busybox","__proto__":{"name":"x"}}', /./],
])("createServer refuses to create from %s, and the daemon hears nothing of it", async (_what, body, message) => {
  const response = await post("/v1/containers", body);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    code: "API_REQUEST_INVALID",
    message: expect.stringMatching(message),
    remedy: expect.stringContaining("/v1/openapi.json"),
  });
  expect(daemon.calls).toEqual([]);
});

test.each([
  ["a text", "text/plain"],
  ["a form", "application/x-www-form-urlencoded"],
  ["an archive", "application/octet-stream"],
  ["something unheard of", "x/y"],
])("createServer refuses to create from %s", async (_what, contentType) => {
  const response = await post("/v1/containers", "image=busybox", contentType);
  expect(response.json()).toMatchObject({ code: "API_REQUEST_INVALID", message: expect.any(String) });
  expect(response.statusCode).toBe(400);
  expect(daemon.calls).toEqual([]);
});

test.each([
  ["/v1/containers?all=yes", /querystring\.all/],
  ["/v1/containers/web/logs?tail=-1", /querystring\.tail/],
  ["/v1/containers/web/logs?tail=1e3", /querystring\.tail/],
  [`/v1/containers/${"a".repeat(256)}`, /./],
])("createServer refuses GET %s", async (url, message) => {
  const response = await server.inject(url);
  expect(response.statusCode).toBeGreaterThanOrEqual(400);
  expect(response.statusCode).toBeLessThan(500);
  expect(response.json()).toMatchObject({ code: expect.any(String), message: expect.stringMatching(message) });
  expect(daemon.calls).toEqual([]);
});

test.each([
  ["/v1/containers/web/stop", { timeoutSeconds: -2 }],
  ["/v1/containers/web/stop", { timeout: 1 }],
  ["/v1/containers/web/stop", { signal: "NOPE" }],
  ["/v1/containers/web/kill", { signal: 9 }],
  ["/v1/containers/web/kill", { signal: "0" }],
])("createServer refuses POST %s with %j", async (url, body) => {
  const response = await server.inject({ method: "POST", url, payload: body });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: "API_REQUEST_INVALID" });
  expect(daemon.calls).toEqual([]);
});

test("createServer refuses a JSON body larger than a megabyte", async () => {
  const response = await post("/v1/containers", { image: "busybox", command: ["x".repeat(1 << 20)] });
  expect(response.statusCode).toBe(413);
  expect(response.json()).toMatchObject({
    code: "API_BODY_TOO_LARGE",
    message: expect.stringContaining("1048576"),
    remedy: expect.any(String),
  });
  expect(daemon.calls).toEqual([]);
});

test.each<["GET" | "PUT" | "POST" | "PATCH", string]>([
  ["GET", "/"],
  ["GET", "/v1/nothing"],
  ["GET", "/v2/containers"],
  ["PATCH", "/v1/containers"],
  ["PUT", "/v1/containers/web"],
  ["GET", "/v1/containers/web/unheard-of"],
  ["GET", "/v1/containers/../../etc/passwd"],
])("createServer answers %s %s with 404 and what to read", async (method, url) => {
  const response = await server.inject({ method, url });
  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({
    code: "API_ROUTE_UNKNOWN",
    message: expect.stringContaining(method),
    remedy: expect.stringContaining("/v1/openapi.json"),
  });
});

test("createServer answers a path that can't be decoded with an error of ours", async () => {
  const response = await server.inject("/v1/containers/%");
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: "API_REQUEST_INVALID", message: expect.any(String) });
});

test.each(["attach", "exec"])("createServer says that %s is an upgrade", async (action) => {
  const response = await post(`/v1/containers/web/${action}`, { command: ["sh"] });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: "API_REQUEST_INVALID", message: expect.stringContaining("Upgrade") });
});

test.each([
  ["/v1/containers/nobody", "CONTAINER_UNKNOWN"],
  ["/v1/networks/nothing", "NETWORK_UNKNOWN"],
])("createServer shows the daemon's error for %s as a document with its status", async (url, code) => {
  const response = await server.inject(url);
  expect(response.statusCode).toBe(404);
  expect(response.headers["content-type"]).toContain("application/json");
  expect(response.json()).toMatchObject({ code, message: expect.stringContaining("Cannot find") });
});

test.each(Object.entries(ERROR_STATUS))("createServer answers %s with status %i", async (code, status) => {
  daemon.failure = new NetdError(code as keyof typeof ERROR_STATUS, "Cannot go on: it is so", { remedy: "Go home" });
  const response = await post("/v1/containers", { image: "busybox" });
  expect(response.statusCode).toBe(status);
  expect(response.json()).toEqual({ code, message: "Cannot go on: it is so", remedy: "Go home" });
});

test("createServer answers a fault of netd's own with 500, without a stack", async () => {
  daemon.failure = new TypeError("x is not a function");
  const response = await post("/v1/containers", { image: "busybox" });
  expect(response.statusCode).toBe(500);
  expect(response.json()).toEqual({ code: "INTERNAL", message: "x is not a function" });
});

interface OpenApi {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, { summary: string; requestBody?: { content: object }; parameters: object[] }>>;
}

test("createServer describes every route that it serves in /v1/openapi.json", async () => {
  const { openapi, info, paths } = (await server.inject("/v1/openapi.json")).json<OpenApi>();
  expect(openapi).toMatch(/^3\.1\./);
  expect(info.version).toBe("1.2.3");
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  );
  expect(described.sort()).toEqual(listRoutes(server).sort());
});

test("createServer describes its API as in the golden file", async () => {
  const { paths } = (await server.inject("/v1/openapi.json")).json<OpenApi>();
  const lines = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary }]) => `${method.toUpperCase()} ${path}: ${summary}\n`),
  );
  await expect(lines.sort().join("")).toMatchFileSnapshot("../../../golden/netd/api.txt");
});

test("createServer describes the body of a creation by its schema", async () => {
  const { paths } = (await server.inject("/v1/openapi.json")).json<OpenApi>();
  expect(paths["/v1/containers"]?.post?.requestBody?.content).toEqual({
    "application/json": { schema: JSON.parse(JSON.stringify(ContainerSpec)) },
  });
  expect(paths["/v1/containers/{id}"]?.get?.parameters).toEqual([
    { name: "id", in: "path", required: true, schema: { type: "string" } },
  ]);
});

/** The routes as fastify itself prints them, without the HEAD of each GET. */
function listRoutes(instance: FastifyInstance): string[] {
  const routes: string[] = [];
  const prefixes: string[] = [];
  for (const line of instance.printRoutes({ commonPrefix: false }).split("\n")) {
    const [, indent = "", path = "", methods] = /^([ │]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
    if (path === "") continue;
    const depth = indent.length / 4;
    prefixes.length = depth;
    prefixes[depth] = path;
    const whole = prefixes.join("");
    for (const method of methods?.split(", ") ?? []) if (method !== "HEAD") routes.push(`${method} ${whole}`);
  }
  return routes;
}
