/**
 * Routes under /v1/changes: what is taken back unless it is confirmed.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { PendingChange } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Reference = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** Register them. */
export function registerChangeRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();
  server.get(
    "/v1/changes",
    {
      schema: {
        summary: "List the changes that wait for confirmation",
        response: { 200: Type.Array(PendingChange) },
      } as const,
    },
    () => daemon.changes.list(),
  );
  server.post(
    "/v1/changes/:id/confirm",
    { schema: { summary: "Have a change stay", params: Reference, response: { 204: Type.Null() } } as const },
    async (request, reply) => {
      daemon.changes.confirm(request.params.id);
      return await reply.status(204).send(null);
    },
  );
  server.post(
    "/v1/changes/:id/revert",
    { schema: { summary: "Take a change back now", params: Reference, response: { 204: Type.Null() } } as const },
    async (request, reply) => {
      await daemon.changes.revert(request.params.id);
      return await reply.status(204).send(null);
    },
  );
}
