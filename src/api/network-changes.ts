/**
 * What can be asked to change about networks, ports and policies. Each request is a value: {@link ApiClient.apply} has netd do it, and
 * {@link ApiClient.show} only tell the commands.
 *
 * @module
 */
import type { ApiQuery } from "./api-request.ts";
import type {
  AclSpec,
  AllowInfo,
  AllowSpec,
  ConnectSpec,
  DisconnectSpec,
  DoctorFinding,
  DriftItem,
  NetworkChange,
  NetworkChanged,
  NetworkInfo,
  NetworkSpec,
  PrunedNetworks,
  PublishedPorts,
  PublishSpec,
} from "./network-schema.ts";
import type { Endpoint } from "./schemas.ts";

/** A request that changes something and answers `T`. */
export interface ApiChange<T> {
  method: "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  query?: ApiQuery;
  /** Never there: carries the type of the answer. */
  answer?: T;
}

/** Make a network. */
export function createNetwork(spec: NetworkSpec): ApiChange<NetworkInfo> {
  return { method: "POST", path: "/v1/networks", body: spec };
}

/** Change a network while its containers run. */
export function changeNetwork(name: string, change: NetworkChange): ApiChange<NetworkChanged> {
  return { method: "PATCH", path: networkPath(name), body: change };
}

/** Remove a network that no container has. */
export function removeNetwork(name: string): ApiChange<void> {
  return { method: "DELETE", path: networkPath(name) };
}

/** Remove the networks that no container has; with labels, only those that have all of them (`NAME` or `NAME=VALUE`). */
export function pruneNetworks(labels: string[] = []): ApiChange<PrunedNetworks> {
  return { method: "POST", path: "/v1/networks/prune", query: { label: labels } };
}

/** Give a container, running or not, a place in a further network. */
export function connectNetwork(name: string, spec: ConnectSpec): ApiChange<Endpoint> {
  return { method: "POST", path: networkPath(name, "/connect"), body: spec };
}

/** Take a container's place in a network away. */
export function disconnectNetwork(name: string, spec: DisconnectSpec): ApiChange<void> {
  return { method: "POST", path: networkPath(name, "/disconnect"), body: spec };
}

/** Publish further ports of a container. Answers all that it has then. */
export function publishPorts(container: string, spec: PublishSpec): ApiChange<PublishedPorts> {
  return { method: "POST", path: `/v1/containers/${encodeURIComponent(container)}/publish`, body: spec };
}

/** Publish ports of a container no longer. Answers those that are left. */
export function unpublishPorts(container: string, spec: PublishSpec): ApiChange<PublishedPorts> {
  return { method: "POST", path: `/v1/containers/${encodeURIComponent(container)}/unpublish`, body: spec };
}

/** Let containers of one network open connections to those of another. */
export function allowNetworks(spec: AllowSpec): ApiChange<AllowInfo> {
  return { method: "POST", path: "/v1/allows", body: spec };
}

/** Take back what {@link allowNetworks} allowed. */
export function denyNetworks(spec: AllowSpec): ApiChange<void> {
  return { method: "POST", path: "/v1/allows/remove", body: spec };
}

/** Add an access rule. */
export function addAcl(spec: AclSpec): ApiChange<AclSpec> {
  return { method: "POST", path: "/v1/acls", body: spec };
}

/** Remove an access rule. */
export function removeAcl(name: string): ApiChange<void> {
  return { method: "DELETE", path: `/v1/acls/${encodeURIComponent(name)}` };
}

/** Put back what strangers changed. Answers what was put back. */
export function healDrift(): ApiChange<DriftItem[]> {
  return { method: "POST", path: "/v1/drift/heal" };
}

/** Mend what doctor can mend. Answers what it finds then. */
export function repairDoctor(): ApiChange<DoctorFinding[]> {
  return { method: "POST", path: "/v1/doctor/repair" };
}

/** Keep a change, or take it back at once. */
export function settleChange(id: string, end: "confirm" | "revert"): ApiChange<void> {
  return { method: "POST", path: `/v1/changes/${encodeURIComponent(id)}/${end}` };
}

function networkPath(name: string, rest = ""): string {
  return `/v1/networks/${encodeURIComponent(name)}${rest}`;
}
