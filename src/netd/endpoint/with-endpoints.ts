/**
 * A container's row after a change of its endpoints. Pure.
 *
 * @module
 */
import type { Container } from "../container.ts";
import type { ContainerRow } from "../state-store.ts";
import { type ContainerEndpoint, interfaceNumber } from "./endpoint-row.ts";

/** Make a container's row and endpoints with others, in the order of their interfaces; its mode is the name of the first network, or stays when there is none. */
export function withEndpoints(
  row: ContainerRow,
  endpoints: readonly ContainerEndpoint[],
): Pick<Container, "row"> & { endpoints: ContainerEndpoint[] } {
  const sorted = [...endpoints].sort((a, b) => interfaceNumber(a.row) - interfaceNumber(b.row));
  const network = sorted[0]?.row.network ?? row.network;
  return { row: { ...row, network, endpoints: sorted.map((endpoint) => endpoint.row) }, endpoints: sorted };
}
