/**
 * Routes under /v1/networks.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import {
  NetworkChange,
  NetworkChanged,
  NetworkDetail,
  NetworkInfo,
  NetworkSpec,
  PrunedNetworks,
  ShellPlan,
} from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Reference = Type.Object({ name: Type.String({ maxLength: 255 }) });
const Show = Type.Object({
  show: Type.Optional(
    Type.Union([Type.Literal("1"), Type.Literal("0")], { description: "tell the commands, and do nothing" }),
  ),
});

const Label = Type.String({ maxLength: 4352, description: "NAME or NAME=VALUE" });
const Labels = Type.Optional(Type.Union([Label, Type.Array(Label, { maxItems: 64 })]));

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
      if (request.query.show === "1") return daemon.networks.showCreate(request.body);
      return await reply.status(201).send(await daemon.networks.create(request.body));
    },
  );

  server.post(
    "/v1/networks/prune",
    {
      schema: {
        summary:
          "Remove the networks that no container is in, those with all labels given; with show=1 tell the commands",
        querystring: Type.Object({ ...Show.properties, label: Labels }),
        response: { 200: Type.Union([PrunedNetworks, ShellPlan]) },
      } as const,
    },
    async ({ query: { show, label = [] } }) => {
      const labels = [label].flat();
      return show === "1" ? daemon.networks.showPrune(labels) : await daemon.networks.prune(labels);
    },
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
        response: { 200: Type.Union([NetworkChanged, ShellPlan]) },
      } as const,
    },
    async (request) => {
      const { name } = request.params;
      return request.query.show === "1"
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
      if (request.query.show === "1") return daemon.networks.showRemove(name);
      await daemon.networks.remove(name);
      return await reply.status(204).send(null);
    },
  );
}
