/**
 * Routes under /v1/networks.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { NetworkChange, NetworkDetail, NetworkInfo, NetworkSpec, PrunedNetworks, ShellPlan } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Reference = Type.Object({ name: Type.String({ maxLength: 255 }) });
const Show = Type.Object({
  show: Type.Optional(
    Type.Union([Type.Literal("1"), Type.Literal("true")], { description: "tell the commands, and do nothing" }),
  ),
});

/** Register them. */
export function registerNetworkRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();

  server.get(
    "/v1/networks",
    { schema: { summary: "List the networks", response: { 200: Type.Array(NetworkInfo) } } as const },
    () => daemon.networks.list(),
  );

  server.post(
    "/v1/networks",
    {
      schema: {
        summary: "Create a network; with show=1 tell the commands that would",
        body: NetworkSpec,
        querystring: Show,
        response: { 200: ShellPlan, 201: NetworkInfo },
      } as const,
    },
    async (request, reply) => {
      if (request.query.show !== undefined) return daemon.networks.showCreate(request.body);
      return await reply.status(201).send(await daemon.networks.create(request.body));
    },
  );

  server.post(
    "/v1/networks/show",
    {
      schema: {
        summary: "Tell the commands that would create a network",
        body: NetworkSpec,
        response: { 200: ShellPlan },
      } as const,
    },
    (request) => daemon.networks.showCreate(request.body),
  );

  server.post(
    "/v1/networks/prune",
    {
      schema: { summary: "Remove the networks that no container is in", response: { 200: PrunedNetworks } } as const,
    },
    async () => await daemon.networks.prune(),
  );

  server.get(
    "/v1/networks/:name",
    {
      schema: {
        summary: "Tell all about a network: members, ports, neighbours, counters",
        params: Reference,
        response: { 200: NetworkDetail },
      } as const,
    },
    (request) => daemon.networks.inspect(request.params.name),
  );

  server.patch(
    "/v1/networks/:name",
    {
      schema: {
        summary: "Change a network while its containers run; with show=1 tell the commands that would",
        params: Reference,
        body: NetworkChange,
        querystring: Show,
        response: { 200: Type.Union([NetworkInfo, ShellPlan]) },
      } as const,
    },
    async (request) => {
      const { name } = request.params;
      return request.query.show !== undefined
        ? daemon.networks.showSet(name, request.body)
        : await daemon.networks.set(name, request.body);
    },
  );

  server.delete(
    "/v1/networks/:name",
    {
      schema: {
        summary: "Remove a network that no container is in; with show=1 tell the commands that would",
        params: Reference,
        querystring: Show,
        response: { 200: ShellPlan, 204: Type.Null() },
      } as const,
    },
    async (request, reply) => {
      const { name } = request.params;
      if (request.query.show !== undefined) return daemon.networks.showRemove(name);
      await daemon.networks.remove(name);
      return await reply.status(204).send(null);
    },
  );
}
