/**
 * Routes under /v1/leases.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ImportedLeases, LeaseDocument, LeaseInfo, ReleaseSpec, ReservationSpec } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";
import { streamJsonArray, streamText } from "./json-stream.ts";

/** Largest document of leases, in bytes: more than 100,000 of them. */
const IMPORT_LIMIT_BYTES = 64 << 20;

/** Register them. */
export function registerLeaseRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();

  server.get(
    "/v1/leases",
    {
      schema: {
        summary: "List leases and reservations by address; with stale=true only the leases of containers that are gone",
        querystring: Type.Object({ stale: Type.Optional(Type.String({ pattern: "^(1|0|true|false)$" })) }),
        response: { 200: Type.Array(LeaseInfo) },
      } as const,
    },
    async (request, reply) => {
      const leases = daemon.leases.list({ isStale: ["1", "true"].includes(request.query.stale ?? "") });
      return await reply.type("application/json").send(streamJsonArray(leases) as never); // Typed as what it sends.
    },
  );

  server.post(
    "/v1/leases/reserve",
    {
      schema: {
        summary: "Keep an address for the container of a certain name",
        body: ReservationSpec,
        response: { 200: LeaseInfo },
      } as const,
    },
    (request) => daemon.leases.reserve(request.body),
  );

  server.post(
    "/v1/leases/release",
    {
      schema: {
        summary: "End a reservation, or the lease of a container that is gone",
        body: ReleaseSpec,
        response: { 200: Type.Array(LeaseInfo) },
      } as const,
    },
    (request) => daemon.leases.release(request.body),
  );

  server.post(
    "/v1/leases/collect",
    {
      schema: {
        summary: "End the leases of containers that are gone",
        response: { 200: Type.Array(LeaseInfo) },
      } as const,
    },
    () => daemon.leases.collect(),
  );

  server.get(
    "/v1/leases/export",
    {
      schema: { summary: "Tell all leases and reservations for an import", response: { 200: LeaseDocument } } as const,
    },
    async (_request, reply) => await reply.type("application/json").send(streamText(daemon.leases.export()) as never), // Typed as what it sends.
  );

  server.post(
    "/v1/leases/import",
    {
      bodyLimit: IMPORT_LIMIT_BYTES,
      schema: {
        summary: "Take over an exported document, all of it or nothing",
        body: LeaseDocument,
        response: { 200: ImportedLeases },
      } as const,
    },
    async (request) => await daemon.leases.import(request.body),
  );
}
