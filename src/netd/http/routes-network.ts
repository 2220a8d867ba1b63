/**
 * Routes about the daemon itself and its networks.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { DaemonInfo, NetworkInfo } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

/** Register them. */
export function registerNetworkRoutes(instance: FastifyInstance, daemon: Daemon): void {
  const server = instance.withTypeProvider<TypeBoxTypeProvider>();
  server.get(
    "/v1/info",
    { schema: { summary: "Tell about the daemon and its helpers", response: { 200: DaemonInfo } } as const },
    async () => await daemon.info(),
  );
  server.get(
    "/v1/networks",
    { schema: { summary: "List the networks", response: { 200: Type.Array(NetworkInfo) } } as const },
    () => daemon.listNetworks(),
  );
  server.get(
    "/v1/networks/:name",
    {
      schema: {
        summary: "Tell about a network",
        params: Type.Object({ name: Type.String({ maxLength: 255 }) }),
        response: { 200: NetworkInfo },
      } as const,
    },
    (request) => daemon.inspectNetwork(request.params.name),
  );
}
