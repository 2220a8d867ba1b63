/**
 * Routes under /v1/containers, and the leases and events that come of them.
 *
 * @module
 */
import { PassThrough } from "node:stream";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ContainerInfo, ContainerSpec, LeaseInfo, ShellPlan } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Daemon } from "../daemon.ts";
import { parseSignal, SIGTERM } from "../signal.ts";

const Reference = Type.Object({ id: Type.String({ maxLength: 255 }) });
const Flag = Type.Optional(Type.Union([Type.Literal("1"), Type.Literal("0")]));
const Show = Type.Object({ show: Flag });
const SignalBody = Type.Object(
  { signal: Type.Optional(Type.String({ maxLength: 32 })) },
  { additionalProperties: false },
);

/** Seconds between SIGTERM and SIGKILL: docker's. */
const STOP_TIMEOUT_SECONDS = 10;

/** Register them. */
export function registerContainerRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();

  server.get(
    "/v1/containers",
    {
      schema: {
        summary: "List the running containers, or all",
        querystring: Type.Object({ all: Flag }),
        response: { 200: Type.Array(ContainerInfo) },
      } as const,
    },
    (request) => daemon.listContainers(request.query.all === "1"),
  );

  server.post(
    "/v1/containers",
    {
      schema: {
        summary: "Create a container; with show=1 only tell the commands",
        body: ContainerSpec,
        querystring: Show,
        response: { 200: ShellPlan, 201: ContainerInfo },
      } as const,
    },
    async (request, reply) => {
      if (request.query.show === "1") return await reply.status(200).send(await daemon.showRun(request.body));
      return await reply.status(201).send(await daemon.createContainer(request.body));
    },
  );

  server.get(
    "/v1/containers/:id",
    { schema: { summary: "Tell all about a container", params: Reference, response: { 200: ContainerInfo } } as const },
    (request) => daemon.inspectContainer(request.params.id),
  );

  server.get(
    "/v1/containers/:id/commands",
    {
      schema: {
        summary: "Tell the commands that make it by hand",
        params: Reference,
        response: { 200: ShellPlan },
      } as const,
    },
    async (request) => await daemon.showContainer(request.params.id),
  );

  server.post(
    "/v1/containers/:id/start",
    {
      schema: {
        summary: "Start it",
        params: Reference,
        querystring: Show,
        response: { 200: Type.Union([ContainerInfo, ShellPlan]) },
      } as const,
    },
    async (request) =>
      request.query.show === "1"
        ? await daemon.showContainer(request.params.id)
        : await daemon.startContainer(request.params.id),
  );

  server.post(
    "/v1/containers/:id/stop",
    {
      schema: {
        summary: "Stop it: a signal, then SIGKILL",
        params: Reference,
        querystring: Show,
        body: Type.Optional(
          Type.Union([
            Type.Null(),
            Type.Object(
              {
                timeoutSeconds: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400 })),
                signal: Type.Optional(Type.String({ maxLength: 32 })),
              },
              { additionalProperties: false },
            ),
          ]),
        ),
        response: { 200: Type.Union([ContainerInfo, ShellPlan]) },
      } as const,
    },
    async (request) => {
      const signal = parseSignal(request.body?.signal ?? SIGTERM);
      if (request.query.show === "1") return daemon.showStop(request.params.id, signal);
      const seconds = request.body?.timeoutSeconds ?? STOP_TIMEOUT_SECONDS;
      return await daemon.stopContainer(request.params.id, signal, seconds * 1000);
    },
  );

  server.post(
    "/v1/containers/:id/kill",
    {
      schema: {
        summary: "Send it a signal, SIGKILL unless another is named",
        params: Reference,
        body: Type.Optional(Type.Union([Type.Null(), SignalBody])),
        response: { 200: ContainerInfo },
      } as const,
    },
    async (request) => await daemon.killContainer(request.params.id, parseSignal(request.body?.signal ?? "KILL")),
  );

  server.post(
    "/v1/containers/:id/wait",
    {
      schema: {
        summary: "Wait until it has ended",
        params: Reference,
        response: { 200: Type.Object({ exitCode: Type.Integer() }) },
      } as const,
    },
    async (request) => ({ exitCode: await daemon.waitContainer(request.params.id) }),
  );

  server.delete(
    "/v1/containers/:id",
    {
      schema: {
        summary: "Remove it, its lease and its files",
        params: Reference,
        querystring: Type.Object({ force: Flag, show: Flag }),
        response: { 200: ShellPlan, 204: Type.Null() },
      } as const,
    },
    async (request, reply) => {
      if (request.query.show === "1") return await reply.status(200).send(daemon.showRemove(request.params.id));
      await daemon.removeContainer(request.params.id, request.query.force === "1");
      return await reply.status(204).send(null);
    },
  );

  server.get(
    "/v1/containers/:id/logs",
    {
      schema: {
        summary: "Stream its output as frames",
        params: Reference,
        querystring: Type.Object({
          follow: Flag,
          timestamps: Flag,
          tail: Type.Optional(Type.String({ pattern: "^([0-9]{1,9}|all)$" })),
        }),
      } as const,
    },
    async (request, reply) => {
      const { follow, timestamps, tail } = request.query;
      const stream = daemon.readLogs(request.params.id, {
        isFollowing: follow === "1",
        hasTimestamps: timestamps === "1",
        tail: tail === undefined || tail === "all" ? undefined : Number(tail),
      });
      return await reply.type("application/vnd.netd.stream").send(stream);
    },
  );

  for (const action of ["attach", "exec"]) {
    server.post(
      `/v1/containers/:id/${action}`,
      {
        schema: {
          summary: `Upgrade to netd-stream: ${action}`,
          params: Reference,
          body: Type.Optional(Type.Unknown()),
        } as const,
      },
      () => {
        throw new NetdError("API_REQUEST_INVALID", `Cannot ${action} over plain HTTP: 'Upgrade: netd-stream' wanted`, {
          remedy: `Use 'netctl ${action}', or send the header 'Connection: Upgrade'`,
        });
      },
    );
  }

  server.get(
    "/v1/leases",
    { schema: { summary: "List the leases by address", response: { 200: Type.Array(LeaseInfo) } } as const },
    () => daemon.listLeases(),
  );

  server.get(
    "/v1/events",
    { schema: { summary: "Stream events as lines of JSON" } as const },
    async (_request, reply) => {
      const stream = new PassThrough();
      const stop = daemon.listen((event) => stream.write(`${JSON.stringify(event)}\n`));
      stream.on("close", stop);
      // An empty line lets the client know that it is listening.
      stream.write("\n");
      return await reply.type("application/x-ndjson").send(stream);
    },
  );
}
