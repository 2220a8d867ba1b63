/**
 * The four ways in which a container may have a network: docker's. Pure.
 *
 * @module
 */

/** What a container's network is. */
export type NetworkMode =
  /** A place of its own in a network: namespace, veth pair, lease, name. */
  | { kind: "bridge"; network: string }
  /** A namespace of its own with nothing but lo. */
  | { kind: "none" }
  /** The host's namespace. */
  | { kind: "host" }
  /** The namespace of another container, and its hosts, hostname and resolv.conf. */
  | { kind: "container"; id: string };

const CONTAINER_PREFIX = "container:";

/** Read what a container's row or definition says of its network; after `container:` there is an id in a row, any reference in a definition. */
export function parseNetworkMode(network: string): NetworkMode {
  if (network === "none" || network === "host") return { kind: network };
  if (network.startsWith(CONTAINER_PREFIX)) return { kind: "container", id: network.slice(CONTAINER_PREFIX.length) };
  return { kind: "bridge", network };
}

/** Whether a container of this network has a namespace of its own, pinned by its name. */
export function hasOwnNamespace(network: string): boolean {
  const { kind } = parseNetworkMode(network);
  return kind === "bridge" || kind === "none";
}

/** Write the mode that joins the container of this id. */
export function formatContainerMode(id: string): string {
  return CONTAINER_PREFIX + id;
}
