/**
 * Routes under /v1/images.
 *
 * @module
 */
import type { Readable } from "node:stream";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ImageInfo } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Name = Type.Object({ name: Type.String({ maxLength: 255 }) });

/** Register them. */
export function registerImageRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();
  // The archive is never held in memory: handlers get the request's stream.
  server.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));

  server.get(
    "/v1/images",
    { schema: { summary: "List the images", response: { 200: Type.Array(ImageInfo) } } as const },
    () => daemon.listImages(),
  );

  server.put(
    "/v1/images/:name",
    {
      schema: {
        summary: "Import a root file system from a tar or tar.gz",
        params: Name,
        querystring: Type.Object({ change: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])) }),
        response: { 200: ImageInfo },
      } as const,
    },
    async (request) => {
      const changes = request.query.change === undefined ? [] : [request.query.change].flat();
      try {
        return await daemon.importImage(request.params.name, request.body as Readable, changes);
      } finally {
        // What is left of a refused archive is read and dropped, so that the client gets to the answer.
        request.raw.resume();
      }
    },
  );

  server.delete(
    "/v1/images/:name",
    {
      schema: {
        summary: "Remove an image that no container uses",
        params: Name,
        response: { 204: Type.Null() },
      } as const,
    },
    async (request, reply) => {
      await daemon.removeImage(request.params.name);
      return await reply.status(204).send(null);
    },
  );
}
