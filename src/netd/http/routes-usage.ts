/**
 * Routes that tell what containers use and do now.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { StatsInfo, TopInfo } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

const Words = Type.Optional(
  Type.Union([Type.String({ maxLength: 4096 }), Type.Array(Type.String({ maxLength: 4096 }))]),
);

/** Register them. */
export function registerUsageRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();

  server.get(
    "/v1/stats",
    {
      schema: {
        summary: "Tell what containers use: those that are named, else all that run",
        querystring: Type.Object({ container: Words }),
        response: { 200: Type.Array(StatsInfo) },
      } as const,
    },
    (request) => daemon.stats(toList(request.query.container)),
  );

  server.get(
    "/v1/containers/:id/top",
    {
      schema: {
        summary: "List its processes, as ps(1) does with these options",
        params: Type.Object({ id: Type.String({ maxLength: 255 }) }),
        querystring: Type.Object({ ps: Words }),
        response: { 200: TopInfo },
      } as const,
    },
    async (request) => await daemon.top(request.params.id, toList(request.query.ps)),
  );
}

function toList(words: string | string[] | undefined): string[] {
  return words === undefined ? [] : typeof words === "string" ? [words] : words;
}
