/**
 * Checks of what a definition says about its network, and what it becomes in the container's row.
 *
 * @module
 */
import type { ContainerSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Container } from "../container.ts";
import { formatContainerMode, parseNetworkMode } from "./network-mode.ts";

/** What {@link resolveNetwork} looks things up in. */
export interface NetworkLookup {
  /** The one network there is. */
  network: string;
  /** @throws {NetdError} CONTAINER_UNKNOWN */
  findContainer: (reference: string) => Container;
}

/** What belongs to a network of its own; docker refuses the same. */
const OWN_NETWORK: readonly (keyof ContainerSpec)[] = ["ip", "mac"];
/** What is in the files that it would share with the other container. */
const OWN_FILES: readonly (keyof ContainerSpec)[] = [...OWN_NETWORK, "hostname", "domainname", "dns", "extraHosts"];
const OPTION: Partial<Record<keyof ContainerSpec, string>> = {
  mac: "--mac-address",
  extraHosts: "--add-host",
};

/**
 * Resolve the network of a definition to that of a row: a network's name, `none`, `host`, or `container:ID`. Who joins a container that itself
 * joined another joins that other.
 *
 * @throws {NetdError} NETWORK_UNKNOWN, CONTAINER_UNKNOWN; API_REQUEST_INVALID when another option needs a network of its own
 */
export function resolveNetwork(spec: ContainerSpec, { network, findContainer }: NetworkLookup): string {
  const wanted = spec.network ?? network;
  const mode = parseNetworkMode(wanted);
  if (mode.kind === "bridge" && mode.network !== network) {
    throw new NetdError("NETWORK_UNKNOWN", `Cannot use network '${mode.network}': there is none of that name`, {
      remedy: "See the networks with 'netctl net ls'",
    });
  }
  if (mode.kind === "bridge") return network;
  for (const key of mode.kind === "container" ? OWN_FILES : OWN_NETWORK) {
    if (spec[key] === undefined) continue;
    throw new NetdError(
      "API_REQUEST_INVALID",
      `Cannot create a container with network '${wanted}' and ${OPTION[key] ?? `--${key}`}: one of the two wanted`,
      { remedy: `Leave out ${OPTION[key] ?? `--${key}`}, or --network` },
    );
  }
  if (mode.kind !== "container") return wanted;
  const { row } = findContainer(mode.id);
  return parseNetworkMode(row.network).kind === "container" ? row.network : formatContainerMode(row.id);
}
