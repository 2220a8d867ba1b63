/**
 * Routes that connect containers to networks.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ConnectSpec, DisconnectSpec, Endpoint, ShellPlan } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Reference = Type.Object({ name: Type.String({ maxLength: 255 }) });
const Show = Type.Object({ show: Type.Optional(Type.Union([Type.Literal("1"), Type.Literal("0")])) });

/** Register them. */
export function registerEndpointRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();

  server.post(
    "/v1/networks/:name/connect",
    {
      schema: {
        summary: "Give a container, running or not, a place in a network; with show=1 only tell how",
        params: Reference,
        querystring: Show,
        body: ConnectSpec,
        response: { 200: Type.Union([Endpoint, ShellPlan]) },
      } as const,
    },
    async ({ params, query, body }) =>
      query.show === "1"
        ? daemon.endpoints.showConnect(params.name, body)
        : await daemon.endpoints.connect(params.name, body),
  );

  server.post(
    "/v1/networks/:name/disconnect",
    {
      schema: {
        summary: "Take a container's place in a network away; with show=1 only tell how",
        params: Reference,
        querystring: Show,
        body: DisconnectSpec,
        response: { 200: ShellPlan, 204: Type.Null() },
      } as const,
    },
    async ({ params, query, body }, reply) => {
      if (query.show === "1") return daemon.endpoints.showDisconnect(params.name, body);
      await daemon.endpoints.disconnect(params.name, body);
      return await reply.status(204).send(null);
    },
  );
}
