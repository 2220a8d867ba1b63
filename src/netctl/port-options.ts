/**
 * Published and exposed ports on the command line.
 *
 * @module
 */
import { parsePortMapping } from "../address/index.ts";
import type { ExposedPort, PortMapping } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import { UsageError } from "./usage-error.ts";

const MOST_PORTS = 65_535;

/** Parse a value of `-p`, in docker's grammar. @throws {UsageError} */
export function parsePublished(text: string): PortMapping {
  try {
    return parsePortMapping(text);
  } catch (error) {
    if (error instanceof NetdError) throw new UsageError(error.message, error.remedy);
    throw error;
  }
}

/** Parse a value of `--expose`: `80`, `80-90/udp`. @throws {UsageError} */
export function parseExposed(text: string): ExposedPort {
  const [, first, last = first, protocol = "tcp"] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (from >= 1 && from <= to && to <= MOST_PORTS) {
    return `${from === to ? from : `${from}-${to}`}/${protocol.toLowerCase()}`;
  }
  throw new UsageError(`Cannot expose '${text}': PORT[-END][/tcp|udp|sctp] wanted`, "--expose 80/tcp");
}

/** The mappings that `-P` makes: a free port of this host for each exposed port that is not published otherwise. */
export function publishAll(exposed: ExposedPort[], published: PortMapping[]): PortMapping[] {
  const has = (port: number, protocol: string): boolean =>
    published.some(
      (mapping) =>
        mapping.protocol === protocol && port >= mapping.containerPort && port < mapping.containerPort + mapping.count,
    );
  return [...new Set(exposed)].flatMap((text) => {
    const { containerPort: first, count, ...rest } = parsePortMapping(text);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    // One by one: free ports need not lie in a row.
    return ports
      .filter((port) => !has(port, rest.protocol))
      .map((containerPort) => ({ ...rest, containerPort, count: 1 }));
  });
}
