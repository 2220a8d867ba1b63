/**
 * Published ports as people write them, in docker's grammar: `[[ADDRESS:]HOST[-END]:]PORT[-END][/PROTOCOL]`.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { canonicalAddress, familyOf, parseIpAddress } from "./ip-address.ts";

/** Protocols whose ports can be published. */
export const PORT_PROTOCOLS = ["tcp", "udp", "sctp"] as const;
export type PortProtocol = (typeof PORT_PROTOCOLS)[number];

/** Ports of the host that lead to as many ports of a container. */
export interface PortMapping {
  /** Canonical; `0.0.0.0` and `::` are all addresses of their family. */
  hostAddress: string;
  /** Only what enters by this link of the host; absent: by any. */
  hostInterface?: string;
  /** The first; 0: free ones are picked. */
  hostPort: number;
  /** The first. */
  containerPort: number;
  /** Ports in a row. */
  count: number;
  protocol: PortProtocol;
}

/** Where a port is published when no address is given: nobody but this host reaches it. */
export const DEFAULT_HOST_ADDRESS = "127.0.0.1";
const ANY_ADDRESS = "0.0.0.0";
const MOST_PORTS = 65_535;

/** Address in brackets, then an interface; or either of the two alone. */
const BRACKETED = /^\[([^\]%]*)(?:%([^\]]*))?\](?:%(.*))?$/;
/** IFNAMSIZ of linux/if.h is 16, the final zero byte included; dev_valid_name() refuses slashes, colons and blanks. */
const LINK = /^(?!\.{1,2}$)[^/:\s]{1,15}$/;

/** Ports in a row, as written: `80`, `80-90`. */
interface PortRange {
  first: number;
  count: number;
}

/**
 * Parse one mapping. Without an address it is 127.0.0.1; with an interface (`%LINK` behind the address, or `dev=LINK` in its place) and no
 * address, 0.0.0.0. IPv6 addresses stand in brackets. Without a host port, or with 0, free ones are picked.
 *
 * @throws {NetdError} PORT_INVALID
 */
export function parsePortMapping(text: string): PortMapping {
  const [ports = "", protocolText = "tcp", ...rest] = text.split("/");
  const protocol = PORT_PROTOCOLS.find((known) => known === protocolText.toLowerCase());
  if (protocol === undefined || rest.length > 0) {
    throw invalid(text, `protocol '${[protocolText, ...rest].join("/")}', one of ${PORT_PROTOCOLS.join(", ")} wanted`);
  }
  const { host, hostPorts, containerPorts } = splitPlaces(text, ports);
  const container = parseRange(text, containerPorts);
  if (container.first === 0) throw invalid(text, "container port 0, 1 to 65535 wanted");
  const wanted = hostPorts === "" ? { first: 0, count: container.count } : parseRange(text, hostPorts);
  if (wanted.first === 0 && hostPorts.includes("-")) throw invalid(text, "host port 0 in a range, 1 to 65535 wanted");
  if (wanted.first !== 0 && wanted.count !== container.count) {
    throw invalid(
      text,
      `${wanted.count} host ports for ${container.count} of the container, as many wanted`,
      "Give ranges of the same length, such as 8000-8009:80-89",
    );
  }
  return {
    ...parseHost(text, host),
    hostPort: wanted.first,
    containerPort: container.first,
    count: container.count,
    protocol,
  };
}

/** Write a mapping so that {@link parsePortMapping} reads the same: `127.0.0.1:8080:80/tcp`, `[::]%eth0:8000-8009:80-89/udp`. */
export function formatPortMapping(mapping: PortMapping): string {
  const { hostAddress, hostInterface, hostPort, containerPort, count, protocol } = mapping;
  const address = familyOf(hostAddress) === 6 ? `[${hostAddress}]` : hostAddress;
  const link = hostInterface === undefined ? "" : `%${hostInterface}`;
  const host = hostPort === 0 ? "" : formatRange(hostPort, count);
  return `${address}${link}:${host}:${formatRange(containerPort, count)}/${protocol}`;
}

function formatRange(first: number, count: number): string {
  return count === 1 ? String(first) : `${first}-${first + count - 1}`;
}

/** Take the text before the protocol apart, from the right: an address may have colons, in brackets. */
function splitPlaces(text: string, ports: string): { host: string; hostPorts: string; containerPorts: string } {
  const bracket = ports.lastIndexOf("]");
  const [link = "", ...places] = ports.slice(bracket + 1).split(":");
  if (bracket >= 0) {
    const [hostPorts = "", containerPorts, ...rest] = places;
    if (containerPorts === undefined || rest.length > 0) throw invalid(text, "[ADDRESS]:HOST:PORT wanted");
    return { host: ports.slice(0, bracket + 1) + link, hostPorts, containerPorts };
  }
  const all = [link, ...places];
  if (all.length > 3) {
    throw invalid(text, "too many colons, at most two wanted", "Put an IPv6 address in brackets, as in [::]:8080:80");
  }
  return { host: all.at(-3) ?? "", hostPorts: all.at(-2) ?? "", containerPorts: all.at(-1) ?? "" };
}

function parseHost(text: string, host: string): Pick<PortMapping, "hostAddress" | "hostInterface"> {
  if (host === "") return { hostAddress: DEFAULT_HOST_ADDRESS };
  if (host.startsWith("dev=")) return { hostAddress: ANY_ADDRESS, hostInterface: checkLink(text, host.slice(4)) };
  const bracketed = BRACKETED.exec(host);
  const [plain = "", plainLink] = host.split(/%(.*)/s);
  const address = bracketed?.[1] ?? plain;
  const link = bracketed === null ? plainLink : (bracketed[2] ?? bracketed[3]);
  const isTwice = bracketed?.[2] !== undefined && bracketed[3] !== undefined;
  if (isTwice) throw invalid(text, "two interfaces, one wanted");
  return {
    hostAddress:
      host.startsWith("%") && link !== undefined ? ANY_ADDRESS : checkAddress(text, address, bracketed !== null),
    ...(link === undefined ? {} : { hostInterface: checkLink(text, link) }),
  };
}

function checkAddress(text: string, address: string, isBracketed: boolean): string {
  try {
    const { family } = parseIpAddress(address);
    if ((family === 6) !== isBracketed) throw new TypeError("brackets are for IPv6");
    return canonicalAddress(address);
  } catch (cause) {
    const wanted = isBracketed ? "an IPv6 address in the brackets" : "an IPv4 address, or an IPv6 address in brackets,";
    const remedy = "Give an address of this host, such as 127.0.0.1, 0.0.0.0 or [::]; names are not looked up";
    throw invalid(text, `host '${address}', ${wanted} wanted`, remedy, cause);
  }
}

function checkLink(text: string, link: string): string {
  if (LINK.test(link)) return link;
  throw invalid(text, `interface '${link}', a name of at most 15 characters wanted`, "See the links with 'ip link'");
}

function parseRange(text: string, range: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
  if (match === null) throw invalid(text, range === "" ? "no port, one wanted" : `port '${range}', a number wanted`);
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (last > MOST_PORTS) throw invalid(text, `port ${last}, at most ${MOST_PORTS} wanted`);
  if (last < first) throw invalid(text, `ports ${range}, the lower one first wanted`);
  return { first, count: last - first + 1 };
}

function invalid(text: string, why: string, remedy?: string, cause?: unknown): NetdError {
  return new NetdError("PORT_INVALID", `Cannot publish '${text}': ${why}`, {
    remedy: remedy ?? "Give [[ADDRESS:]HOST-PORT:]CONTAINER-PORT[/PROTOCOL], such as 8080:80 or 127.0.0.1:5353:53/udp",
    cause,
  });
}
