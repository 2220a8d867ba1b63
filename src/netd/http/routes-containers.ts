/**
 * Routes under /v1/containers, and the leases and events that come of them.
 *
 * @module
 */
import { PassThrough } from "node:stream";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { type Static, Type } from "typebox";
import { ContainerInfo, ContainerSpec, ShellPlan, UpdateSpec, WaitCondition } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { StopOptions } from "../container/stop.ts";
import type { Daemon } from "../daemon.ts";
import { formatLogTime } from "../log/log-time.ts";
import { parseSignal } from "../signal.ts";

const Reference = Type.Object({ id: Type.String({ maxLength: 255 }) });
const Flag = Type.Optional(Type.Union([Type.Literal("1"), Type.Literal("0")]));
const Show = Type.Object({ show: Flag });
const UnixTime = Type.Optional(
  Type.String({ pattern: "^[0-9]{1,11}(\\.[0-9]{1,9})?$", description: "seconds since 1970, with a fraction or not" }),
);
/** Seconds since 1970, with a fraction or not. */
const Moment = Type.Optional(Type.String({ pattern: "^[0-9]{1,11}([.][0-9]{1,9})?$" }));
/** The longest that setTimeout can wait: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const SignalBody = Type.Object(
  { signal: Type.Optional(Type.String({ maxLength: 32 })) },
  { additionalProperties: false },
);

const StopBody = Type.Optional(
  Type.Union([
    Type.Null(),
    Type.Object(
      {
        timeoutSeconds: Type.Optional(Type.Number({ minimum: -1, maximum: 86_400 })),
        signal: Type.Optional(Type.String({ maxLength: 32 })),
      },
      { additionalProperties: false },
    ),
  ]),
);

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
    async (request) => await daemon.inspectContainer(request.params.id),
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
        body: StopBody,
        response: { 200: Type.Union([ContainerInfo, ShellPlan]) },
      } as const,
    },
    async (request) => {
      const options = parseStop(request.body);
      if (request.query.show === "1") return daemon.showStop(request.params.id, options.signal);
      return await daemon.stopContainer(request.params.id, options);
    },
  );

  server.post(
    "/v1/containers/:id/restart",
    {
      schema: {
        summary: "Stop it if it runs, and start it",
        params: Reference,
        body: StopBody,
        response: { 200: ContainerInfo },
      } as const,
    },
    async (request) => await daemon.restartContainer(request.params.id, parseStop(request.body)),
  );

  server.post(
    "/v1/containers/:id/rename",
    {
      schema: {
        summary: "Give it another name",
        params: Reference,
        body: Type.Object({ name: Type.String({ maxLength: 255 }) }, { additionalProperties: false }),
        response: { 200: ContainerInfo },
      } as const,
    },
    async (request) => await daemon.renameContainer(request.params.id, request.body.name),
  );

  server.post(
    "/v1/containers/:id/update",
    {
      schema: {
        summary: "Change what may change while it lives",
        params: Reference,
        querystring: Show,
        body: UpdateSpec,
        response: { 200: Type.Union([ContainerInfo, ShellPlan]) },
      } as const,
    },
    async (request) =>
      request.query.show === "1"
        ? daemon.showUpdate(request.params.id, request.body)
        : await daemon.updateContainer(request.params.id, request.body),
  );

  for (const action of ["pause", "unpause"] as const) {
    server.post(
      `/v1/containers/:id/${action}`,
      {
        schema: {
          summary: action === "pause" ? "Have all its processes stand still" : "Have its processes go on",
          params: Reference,
          querystring: Show,
          response: { 200: Type.Union([ContainerInfo, ShellPlan]) },
        } as const,
      },
      async (request) =>
        request.query.show === "1"
          ? daemon.showPause(request.params.id, action === "pause")
          : await daemon.pauseContainer(request.params.id, action === "pause"),
    );
  }

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
        summary: "Wait until it has ended, ends the next time, or is removed",
        params: Reference,
        querystring: Type.Object({ condition: Type.Optional(WaitCondition) }),
        response: { 200: Type.Object({ exitCode: Type.Integer() }) },
      } as const,
    },
    async (request) => ({ exitCode: await daemon.waitContainer(request.params.id, request.query.condition) }),
  );

  server.delete(
    "/v1/containers/:id",
    {
      schema: {
        summary: "Remove it, its lease and its files; with volumes=1 its anonymous volumes too",
        params: Reference,
        querystring: Type.Object({ force: Flag, volumes: Flag, show: Flag }),
        response: { 200: ShellPlan, 204: Type.Null() },
      } as const,
    },
    async (request, reply) => {
      if (request.query.show === "1") return await reply.status(200).send(daemon.showRemove(request.params.id));
      const { force, volumes } = request.query;
      await daemon.removeContainer(request.params.id, force === "1", volumes === "1");
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
          since: UnixTime,
          until: UnixTime,
        }),
      } as const,
    },
    async (request, reply) => {
      const { follow, timestamps, tail, since, until } = request.query;
      const { stream, loss } = await daemon.readLogs(request.params.id, {
        isFollowing: follow === "1",
        hasTimestamps: timestamps === "1",
        tail: tail === undefined || tail === "all" ? undefined : Number(tail),
        since: since === undefined ? undefined : formatLogTime(since),
        until: until === undefined ? undefined : formatLogTime(until),
      });
      if (loss !== undefined) void reply.header("netd-log-loss", JSON.stringify(loss));
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
    "/v1/events",
    {
      schema: {
        summary: "Stream events as lines of JSON, those since a moment first, until another one",
        querystring: Type.Object({ since: Moment, until: Moment }),
      } as const,
    },
    async (request, reply) => {
      const { since, until } = request.query;
      const stream = new PassThrough();
      const untilMs = until === undefined ? Number.POSITIVE_INFINITY : Number(until) * 1000;
      // An empty line lets the client know that it is listening.
      stream.write("\n");
      const stop = daemon.listen(
        (event) => {
          if (Date.parse(event.at) <= untilMs) stream.write(`${JSON.stringify(event)}\n`);
        },
        since === undefined ? undefined : Number(since) * 1000,
      );
      const end =
        untilMs === Number.POSITIVE_INFINITY
          ? undefined
          : setTimeout(() => stream.end(), Math.min(Math.max(0, untilMs - Date.now()), LONGEST_TIMER_MS));
      stream.on("close", () => {
        clearTimeout(end);
        stop();
      });
      return await reply.type("application/x-ndjson").send(stream);
    },
  );
}

/** Read how to stop a container. @throws {NetdError} API_REQUEST_INVALID for an unknown signal */
function parseStop(body: Static<typeof StopBody> | undefined): StopOptions {
  const { signal, timeoutSeconds } = body ?? {};
  return { signal: signal === undefined ? undefined : parseSignal(signal), timeoutSeconds };
}
