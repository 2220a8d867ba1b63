/**
 * The server: fastify, with errors as `{ code, message, remedy }`.
 *
 * @module
 */
import type { Duplex } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { formatError, NetdError } from "../../errors.ts";
import type { Daemon } from "../daemon.ts";
import { compileOnFirstUse } from "./compile-on-first-use.ts";
import { collectOpenApi } from "./openapi.ts";
import { registerChangeRoutes } from "./routes-changes.ts";
import { registerContainerRoutes } from "./routes-containers.ts";
import { registerDriftRoutes } from "./routes-drift.ts";
import { registerEndpointRoutes } from "./routes-endpoints.ts";
import { registerFileRoutes } from "./routes-files.ts";
import { registerImageRoutes } from "./routes-images.ts";
import { registerInfoRoute } from "./routes-info.ts";
import { registerLeaseRoutes } from "./routes-leases.ts";
import { registerNetworkRoutes } from "./routes-networks.ts";
import { registerPolicyRoutes } from "./routes-policies.ts";
import { registerUsageRoutes } from "./routes-usage.ts";
import { registerVolumeRoutes } from "./routes-volumes.ts";
import { handleUpgrade } from "./upgrade.ts";

/** Largest JSON body, in bytes; image archives are streamed and have limits of their own. */
const BODY_LIMIT_BYTES = 1 << 20;

/** Make the server of a daemon's API; it does not listen yet. */
export function createServer(daemon: Daemon): FastifyInstance {
  const answerError = (error: unknown, reply: FastifyReply): FastifyReply => {
    const shown = toNetdError(error);
    if (shown.status >= 500) daemon.logger.error({ err: error }, "request failed");
    return reply.status(shown.status).send(formatError(shown));
  };
  const server = Fastify({
    // What goes wrong before there is a route, such as a path that can't be decoded.
    frameworkErrors: (error, _request, reply) => answerError(error, reply),
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    // Image uploads and long polls take as long as they take.
    requestTimeout: 0,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false }, onCreate: compileOnFirstUse },
    schemaErrorFormatter: (errors, where) => {
      const first = errors[0];
      const field = `${where}${(first?.instancePath ?? "").replaceAll("/", ".")}`;
      const extra = typeof first?.params.additionalProperty === "string" ? ` '${first.params.additionalProperty}'` : "";
      return new NetdError(
        "API_REQUEST_INVALID",
        `Cannot accept the request: ${field} ${first?.message ?? "is wrong"}${extra}`,
        {
          remedy: "See /v1/openapi.json for what the request may hold",
        },
      );
    },
  });
  // What we answer is typed; the schemas describe it, and need not be compiled into serializers at each first use.
  server.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  collectOpenApi(server);
  server.setErrorHandler((error, _request, reply) => answerError(error, reply));
  server.setNotFoundHandler((request, reply) => {
    const unknown = new NetdError(
      "API_ROUTE_UNKNOWN",
      `Cannot ${request.method} ${request.url}: there is no such route`,
      {
        remedy: "See /v1/openapi.json for the routes",
      },
    );
    return reply.status(unknown.status).send(formatError(unknown));
  });
  registerContainerRoutes(server, daemon);
  registerUsageRoutes(server, daemon);
  registerImageRoutes(server, daemon);
  registerInfoRoute(server, daemon);
  registerNetworkRoutes(server, daemon);
  registerEndpointRoutes(server, daemon);
  registerLeaseRoutes(server, daemon);
  registerVolumeRoutes(server, daemon);
  registerFileRoutes(server, daemon);
  registerChangeRoutes(server, daemon);
  registerDriftRoutes(server, daemon);
  registerPolicyRoutes(server, daemon);
  serveUpgrades(server, daemon);
  return server;
}

/** Serve streams. They left HTTP, so that the server would wait for their ends when it closes: they are ended before. */
function serveUpgrades(server: FastifyInstance, daemon: Daemon): void {
  const sockets = new Set<Duplex>();
  server.server.on("upgrade", (request, socket, head) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    void handleUpgrade(daemon, request, socket, head);
  });
  server.addHook("preClose", (done) => {
    for (const socket of sockets) socket.destroy();
    done();
  });
}

/** Turn what fastify and its parsers throw into an error of ours. */
function toNetdError(error: unknown): NetdError {
  if (error instanceof NetdError) return error;
  const { code, statusCode, message, cause } = error as {
    code?: string;
    statusCode?: number;
    message?: string;
    cause?: unknown;
  };
  if (cause instanceof NetdError) return cause;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new NetdError(
      "API_BODY_TOO_LARGE",
      `Cannot accept the request: its body is larger than ${BODY_LIMIT_BYTES} bytes`,
      {
        remedy: "Send less; image archives go to PUT /v1/images/NAME as application/octet-stream",
        cause: error,
      },
    );
  }
  if (statusCode !== undefined && statusCode < 500) {
    return new NetdError("API_REQUEST_INVALID", `Cannot accept the request: ${message ?? "it is malformed"}`, {
      remedy: "Send JSON as /v1/openapi.json describes it",
      cause: error,
    });
  }
  return new NetdError("INTERNAL", message ?? String(error), { cause: error });
}
