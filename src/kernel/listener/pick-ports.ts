/**
 * Free ports of the host, for whoever publishes without saying which.
 *
 * They come from the range from which the kernel gives ports to outgoing connections (ip(7), ip_local_port_range; 32768 to 60999 as a rule), since
 * no service is meant to have a fixed port there. A connection that later gets a published port as its own goes on working: its answers are known to
 * connection tracking, and are not redirected.
 *
 * @module
 */
import { readSysctl } from "../sysctl/sysctl.ts";

/** Ports from which some may be picked. */
export interface PortRange {
  first: number;
  last: number;
  /** Ports in it that the administrator keeps for others (ip_local_reserved_ports). */
  isReserved: (port: number) => boolean;
}

/** What {@link pickPorts} picks from, and how many. */
export interface PickPortsOptions {
  range: PortRange;
  isUsed: (port: number) => boolean;
  /** How many in a row; default 1. */
  count?: number | undefined;
  /** From 0 to below 1. */
  random: () => number;
}

/** Read the range in the thread's network namespace. */
export function readPortRange(): PortRange {
  const [first = 32768, last = 60999] = readSysctl("net.ipv4.ip_local_port_range").trim().split(/\s+/).map(Number);
  const reserved = parsePortList(readSysctl("net.ipv4.ip_local_reserved_ports"));
  return { first, last, isReserved: (port) => reserved.some(([from, to]) => port >= from && port <= to) };
}

/** Pick free ports in a row: the first of them, or undefined when there are not so many. Begins anywhere and goes round once. */
export function pickPorts({ range, isUsed, count = 1, random }: PickPortsOptions): number | undefined {
  const size = range.last - range.first + 2 - count;
  if (size <= 0) return undefined;
  const begin = Math.floor(random() * size);
  for (let tried = 0; tried < size; tried++) {
    const first = range.first + ((begin + tried) % size);
    const ports = Array.from({ length: count }, (_, offset) => first + offset);
    if (!ports.some((port) => range.isReserved(port) || isUsed(port))) return first;
  }
  return undefined;
}

/** Parse `1,5-7`, as such sysctls are written (Documentation/networking/ip-sysctl.rst). */
export function parsePortList(text: string): [number, number][] {
  return text
    .trim()
    .split(",")
    .filter((item) => item !== "")
    .map((item) => {
      const [from = 0, to = from] = item.split("-").map(Number);
      return [from, to];
    });
}
