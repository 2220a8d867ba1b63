/**
 * Routes of the files of a container: copied out and in as tar streams, and what changed.
 *
 * @module
 */
import type { Readable } from "node:stream";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ChangeInfo, FileInfo } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Reference = Type.Object({ id: Type.String({ maxLength: 255 }) });
const Flag = Type.Optional(Type.Union([Type.Literal("1"), Type.Literal("0")]));
const Path = Type.String({ minLength: 1, maxLength: 4096, pattern: "^/" });
const Where = Type.Object({ path: Path, follow: Flag });
const FileName = Type.Optional(Type.String({ pattern: "^[^/]{1,255}$" }));

/** Register them. */
export function registerFileRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();

  server.get(
    "/v1/containers/:id/stat",
    {
      schema: {
        summary: "Tell what is at a path of it; a link itself unless follow=1",
        params: Reference,
        querystring: Where,
        response: { 200: FileInfo },
      } as const,
    },
    (request) => {
      const { path, follow } = request.query;
      return daemon.files.stat(request.params.id, path, follow === "1");
    },
  );

  server.get(
    "/v1/containers/:id/archive",
    {
      schema: {
        summary: "Copy a path of it as a tar",
        params: Reference,
        querystring: Type.Object({ path: Path, follow: Flag, name: FileName }),
      } as const,
    },
    async (request, reply) => {
      const { path, follow, name } = request.query;
      const options = { follows: follow === "1", ...(name === undefined ? {} : { name }) };
      return await reply.type("application/x-tar").send(daemon.files.read(request.params.id, path, options));
    },
  );

  server.put(
    "/v1/containers/:id/archive",
    {
      schema: {
        summary: "Unpack a tar in a directory of it",
        params: Reference,
        querystring: Type.Object({ path: Path }),
        response: { 204: Type.Null() },
      } as const,
    },
    async (request, reply) => {
      try {
        await daemon.files.write(request.params.id, request.query.path, request.body as Readable);
        return await reply.status(204).send(null);
      } finally {
        // What is left of a refused archive is read and dropped, so that the client gets to the answer.
        request.raw.resume();
      }
    },
  );

  server.get(
    "/v1/containers/:id/changes",
    {
      schema: {
        summary: "List what it added (A), changed (C) and deleted (D)",
        params: Reference,
        response: { 200: Type.Array(ChangeInfo) },
      } as const,
    },
    (request) => daemon.files.changes(request.params.id),
  );
}
