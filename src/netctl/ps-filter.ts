/**
 * Which containers `ps` shows, with docker's filters.
 *
 * @module
 */
import type { ContainerInfo, PortMapping } from "../api/index.ts";
import { type FilterTest, hasLabel } from "./filters.ts";

/** The filters of `ps`. */
export const PS_FILTERS: Record<string, FilterTest<ContainerInfo>> = {
  status: ({ state }, value) => state === value,
  name: ({ name }, value) => matchesPattern(name, value),
  id: ({ id }, value) => id.startsWith(value),
  label: ({ labels }, value) => hasLabel(labels, value),
  ancestor: ({ image }, value) => image === value || image === value.replace(/:latest$/, ""),
  health: ({ health }, value) => (health?.status ?? "none") === value,
  exited: ({ state, exitCode }, value) => state === "exited" && exitCode === Number(value),
  network: ({ networkMode, endpoint, endpoints = endpoint === undefined ? [] : [endpoint] }, value) =>
    endpoints.length === 0 ? networkMode === value : endpoints.some(({ network }) => network === value),
  publish: ({ ports = [] }, value) => hasPort(ports, value, "hostPort"),
  expose: ({ ports = [] }, value) => hasPort(ports, value, "containerPort"),
};

/** Whether a port `80`, `80-90` or `80/udp` is among them. */
function hasPort(ports: PortMapping[], text: string, side: "hostPort" | "containerPort"): boolean {
  const [, first, last = first, protocol] = /^(\d+)(?:-(\d+))?(?:\/([a-z]+))?$/.exec(text) ?? [];
  return ports.some(
    (port) =>
      port[side] <= Number(last) &&
      port[side] + port.count > Number(first) &&
      port.protocol === (protocol ?? port.protocol),
  );
}

/** A name is a regular expression, as in docker; one that is none is a part of the name. */
function matchesPattern(name: string, pattern: string): boolean {
  try {
    return new RegExp(pattern.replace(/^\^?\//, "^")).test(name);
  } catch {
    return name.includes(pattern);
  }
}
