/**
 * Ports as docker's tables have them.
 *
 * @module
 */
import type { ContainerInfo, PortMapping } from "../api/index.ts";

/** Format the PORTS of `ps`: `0.0.0.0:8080->80/tcp, 53/udp`. Exposed ports come last, and those published are not told twice. */
export function formatPorts({ state, ports = [], spec }: ContainerInfo): string {
  if (state !== "running" && state !== "paused") return "";
  const published = ports.map((port) => `${formatHost(port, rangeOf(port.hostPort, port))}->${formatTarget(port)}`);
  const isPublished = new Set(ports.map(formatTarget));
  const exposed = (spec.exposedPorts ?? []).filter((text) => !isPublished.has(text));
  return [...published, ...exposed].join(", ");
}

/** One published port of a container, as `netctl port` prints it. */
export interface PortLine {
  /** `80/tcp`. */
  target: string;
  /** `0.0.0.0:8080`. */
  host: string;
}

/** List each port by itself, in the order of the container's ports. */
export function listPorts(ports: PortMapping[]): PortLine[] {
  const each = ports.flatMap((port) =>
    Array.from({ length: port.count }, (_, index) => ({
      ...port,
      containerPort: port.containerPort + index,
      hostPort: port.hostPort + index,
      count: 1,
    })),
  );
  each.sort((a, b) => a.containerPort - b.containerPort || (a.protocol < b.protocol ? -1 : 1));
  return each.map((port) => ({ target: formatTarget(port), host: formatHost(port, String(port.hostPort)) }));
}

/** Format where a mapping is open on the host: `[::1]:8080`, `0.0.0.0%eth0:80`. */
export function formatHost({ hostAddress, hostInterface }: PortMapping, hostPorts: string): string {
  const address = hostAddress.includes(":") ? `[${hostAddress}]` : hostAddress;
  return `${address}${hostInterface === undefined ? "" : `%${hostInterface}`}:${hostPorts}`;
}

/** Format where a mapping leads to: `80/tcp`, `80-89/udp`. */
export function formatTarget(port: PortMapping): string {
  return `${rangeOf(port.containerPort, port)}/${port.protocol}`;
}

/** Format the ports of a mapping from `first` on. */
export function rangeOf(first: number, { count }: Pick<PortMapping, "count">): string {
  return count === 1 ? String(first) : `${first}-${first + count - 1}`;
}

/** Format a line of `netctl port`. */
export function formatPortLine({ target, host }: PortLine): string {
  return `${target} -> ${host}\n`;
}
