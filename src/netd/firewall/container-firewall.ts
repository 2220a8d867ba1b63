/**
 * One container in the rules: in before its ports are up, out after they are down.
 *
 * @module
 */
import { deleteConntrackElsewhere } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import type { ContainerRow } from "../state-store.ts";
import { firewallContainer } from "./firewall-rows.ts";

/** Put a container's rules in force as it is now; what is not new is left alone. @throws {NetdError} NFT_FAILED, and nothing has changed */
export function openFirewall(
  { firewall, networks }: Pick<DaemonContext, "firewall" | "networks">,
  container: Container,
): void {
  firewall.setContainer(container.row.id, firewallContainer(networks, container));
}

/** Take a container out of the rules, and forget the connections that its addresses had. Logs what fails. */
export async function closeFirewall(
  { firewall, logger }: DaemonContext,
  { id, name }: Pick<ContainerRow, "id" | "name">,
): Promise<void> {
  try {
    const { endpoints } = firewall.containerState(id);
    firewall.setContainer(id, { endpoints: [], ports: [] });
    await forgetConnections(endpoints.flatMap(({ address, address6 }) => [address, address6]));
  } catch (error) {
    logger.error({ err: error, container: name }, "cannot take a container out of the firewall");
  }
}

/** Have what comes for these addresses meet the rules anew: connections of those that had them before are none of theirs. */
export async function forgetConnections(addresses: readonly (string | undefined)[]): Promise<void> {
  await deleteConntrackElsewhere(addresses.flatMap((address) => (address === undefined ? [] : [{ address }])));
}
