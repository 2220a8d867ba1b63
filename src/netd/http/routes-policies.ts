/**
 * Routes about published ports, allowed pairs of networks and access rules.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AclSpec, AllowInfo, AllowSpec, PublishedPorts, PublishSpec, ShellPlan } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Reference = Type.Object({ id: Type.String({ maxLength: 255 }) });
const Show = Type.Object({ show: Type.Optional(Type.Union([Type.Literal("1"), Type.Literal("0")])) });

/** Register them. */
export function registerPolicyRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { publishing, policies } = daemon;

  server.post(
    "/v1/containers/:id/publish",
    {
      schema: {
        summary: "Publish further ports of a container, running or not; with show=1 only tell how",
        params: Reference,
        querystring: Show,
        body: PublishSpec,
        response: { 200: Type.Union([PublishedPorts, ShellPlan]) },
      } as const,
    },
    async ({ params, query, body }) =>
      query.show === "1" ? publishing.showPublish(params.id, body) : await publishing.publish(params.id, body),
  );

  server.post(
    "/v1/containers/:id/unpublish",
    {
      schema: {
        summary: "Publish ports of a container no longer; with show=1 only tell how",
        params: Reference,
        querystring: Show,
        body: PublishSpec,
        response: { 200: Type.Union([PublishedPorts, ShellPlan]) },
      } as const,
    },
    async ({ params, query, body }) =>
      query.show === "1" ? publishing.showUnpublish(params.id, body) : await publishing.unpublish(params.id, body),
  );

  server.get(
    "/v1/allows",
    {
      schema: {
        summary: "List which networks may open connections to which",
        response: { 200: Type.Array(AllowInfo) },
      } as const,
    },
    () => policies.listAllows(),
  );

  server.post(
    "/v1/allows",
    {
      schema: {
        summary: "Let containers of one network open connections to those of another; with show=1 only tell how",
        querystring: Show,
        body: AllowSpec,
        response: { 200: Type.Union([AllowInfo, ShellPlan]) },
      } as const,
    },
    async ({ query, body }) => (query.show === "1" ? policies.showAllow(body) : await policies.allow(body)),
  );

  server.post(
    "/v1/allows/remove",
    {
      schema: {
        summary: "Take back what was allowed; with show=1 only tell how",
        querystring: Show,
        body: AllowSpec,
        response: { 200: ShellPlan, 204: Type.Null() },
      } as const,
    },
    async ({ query, body }, reply) => {
      if (query.show === "1") return policies.showDeny(body);
      await policies.deny(body);
      return await reply.status(204).send(null);
    },
  );

  server.get(
    "/v1/acls",
    { schema: { summary: "List the access rules in their order", response: { 200: Type.Array(AclSpec) } } as const },
    () => policies.listAcls(),
  );

  server.post(
    "/v1/acls",
    {
      schema: {
        summary: "Add an access rule; with show=1 only tell how",
        querystring: Show,
        body: AclSpec,
        response: { 200: Type.Union([AclSpec, ShellPlan]) },
      } as const,
    },
    ({ query, body }) => (query.show === "1" ? policies.showAddAcl(body) : policies.addAcl(body)),
  );

  server.delete(
    "/v1/acls/:id",
    {
      schema: {
        summary: "Remove an access rule; with show=1 only tell how",
        params: Reference,
        querystring: Show,
        response: { 200: ShellPlan, 204: Type.Null() },
      } as const,
    },
    async ({ params, query }, reply) => {
      if (query.show === "1") return policies.showRemoveAcl(params.id);
      policies.removeAcl(params.id);
      return await reply.status(204).send(null);
    },
  );
}
