import type { ContainerInfo, Endpoint } from "../../src/api/index.ts";

/** A container that has a place in a network, as those of most tests do. */
export type NetworkedInfo = ContainerInfo & { endpoint: Endpoint };
