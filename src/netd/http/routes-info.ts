/**
 * The route about the daemon itself.
 *
 * @module
 */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { DaemonInfo } from "../../api/index.ts";
import type { Daemon } from "../daemon.ts";

/** Register it. */
export function registerInfoRoute(instance: FastifyInstance, daemon: Daemon): void {
  instance
    .withTypeProvider<TypeBoxTypeProvider>()
    .get(
      "/v1/info",
      { schema: { summary: "Tell about the daemon and its helpers", response: { 200: DaemonInfo } } as const },
      async () => await daemon.info(),
    );
}
