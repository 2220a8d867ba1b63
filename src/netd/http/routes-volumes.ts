/**
 * Routes under /v1/volumes.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { PrunedVolumes, VolumeInfo, VolumeSpec } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Reference = Type.Object({ name: Type.String({ maxLength: 255 }) });
const Flag = Type.Optional(Type.Union([Type.Literal("1"), Type.Literal("0")]));

/** Register them. */
export function registerVolumeRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();

  server.get(
    "/v1/volumes",
    { schema: { summary: "List the volumes", response: { 200: Type.Array(VolumeInfo) } } as const },
    () => daemon.volumes.list(),
  );

  server.post(
    "/v1/volumes",
    {
      schema: {
        summary: "Create a volume; one that is there already stays as it is",
        body: VolumeSpec,
        response: { 201: VolumeInfo },
      } as const,
    },
    async (request, reply) => await reply.status(201).send(daemon.volumes.create(request.body)),
  );

  server.post(
    "/v1/volumes/prune",
    {
      schema: {
        summary: "Remove the anonymous volumes that no container has; with all=1 the named ones too",
        querystring: Type.Object({ all: Flag }),
        response: { 200: PrunedVolumes },
      } as const,
    },
    (request) => daemon.volumes.prune(request.query.all === "1"),
  );

  server.get(
    "/v1/volumes/:name",
    { schema: { summary: "Tell all about a volume", params: Reference, response: { 200: VolumeInfo } } as const },
    (request) => daemon.volumes.inspect(request.params.name),
  );

  server.delete(
    "/v1/volumes/:name",
    {
      schema: {
        summary: "Remove a volume and all in it",
        params: Reference,
        response: { 204: Type.Null() },
      } as const,
    },
    async (request, reply) => {
      daemon.volumes.remove(request.params.name);
      return await reply.status(204).send(null);
    },
  );
}
