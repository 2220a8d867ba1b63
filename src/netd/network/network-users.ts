/**
 * Who is in a network.
 *
 * @module
 */
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import type { ContainerEndpoint } from "../endpoint/endpoint-row.ts";

/** A container's place in a certain network. */
export interface NetworkPlace {
  container: Container;
  endpoint: ContainerEndpoint;
}

/** The containers in a network, running or not. */
export function listPlaces({ containers }: Pick<DaemonContext, "containers">, network: string): NetworkPlace[] {
  return [...containers].flatMap((container) =>
    container.endpoints
      .filter(({ row }) => row.network === network)
      .map((endpoint): NetworkPlace => ({ container, endpoint })),
  );
}
