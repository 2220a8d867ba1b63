/**
 * Routes about what strangers changed, and what is wrong with the host.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { DoctorFinding, DriftItem } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

/** Register them. */
export function registerDriftRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();
  server.get(
    "/v1/drift",
    {
      schema: {
        summary: "Tell the differences between what netd wants and what the kernel has",
        response: { 200: Type.Array(DriftItem) },
      } as const,
    },
    () => daemon.drift.list(),
  );
  server.post(
    "/v1/drift/heal",
    {
      schema: {
        summary: "Mend what was changed; answers what is left",
        response: { 200: Type.Array(DriftItem) },
      } as const,
    },
    () => daemon.drift.heal(),
  );
  server.get(
    "/v1/doctor",
    {
      schema: {
        summary: "Tell what is wrong with this host's network, the worst first",
        response: { 200: Type.Array(DoctorFinding) },
      } as const,
    },
    () => daemon.doctor.find(),
  );
  server.post(
    "/v1/doctor/repair",
    {
      schema: {
        summary: "Mend what is netd's own; answers what is wrong then",
        response: { 200: Type.Array(DoctorFinding) },
      } as const,
    },
    () => daemon.doctor.repair(),
  );
}
