/**
 * Checks of the ports that a container is to publish, and the host's ports where none was named.
 *
 * @module
 */
import { familyOf, formatPortMapping, type PortMapping } from "../../address/index.ts";
import { NetdError } from "../../errors.ts";
import { findListener, pickPorts, readPortRange } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import { findLink } from "../kernel-facts.ts";
import type { ContainerRow } from "../state-store.ts";
import { isClaimOverlapping } from "./port-claims.ts";

/** Whose ports they are. */
type Claimant = Pick<ContainerRow, "id" | "name" | "network" | "endpoints">;

/**
 * Check ports against each other and against what the container has, and pick those that were left open: free now, and in nobody's definition.
 *
 * @throws {NetdError} PORT_INVALID, PORT_TAKEN
 */
export function resolvePorts(
  context: DaemonContext,
  claimant: Claimant,
  { wanted, has }: { wanted: readonly PortMapping[]; has: readonly PortMapping[] },
): PortMapping[] {
  const resolved: PortMapping[] = [];
  for (const mapping of wanted) {
    checkReachable(context, claimant, mapping);
    const own = [...has, ...resolved];
    const whole = mapping.hostPort === 0 ? pick(context, mapping, own) : mapping;
    if (whole.hostPort + whole.count > 65_536 || whole.containerPort + whole.count > 65_536) {
      throw invalid(mapping, "the last port is above 65535");
    }
    const other = own.find((known) => isClaimOverlapping(known, whole));
    if (other !== undefined) throw taken(whole, `'${claimant.name}' itself publishes ${formatPortMapping(other)}`);
    resolved.push(whole);
  }
  return resolved;
}

/**
 * Check that nobody has a container's ports: no container that runs, and nothing on the host that listens there.
 *
 * @throws {NetdError} PORT_TAKEN naming who has it
 */
export function checkPortsFree(
  { containers }: Pick<DaemonContext, "containers">,
  { id }: Pick<ContainerRow, "id">,
  ports: readonly PortMapping[],
): void {
  for (const port of ports) {
    for (const { row, turns } of containers) {
      if (row.id === id || (row.state !== "running" && turns === 0)) continue;
      const other = row.ports.find((known) => isClaimOverlapping(known, port));
      if (other !== undefined) throw taken(port, `container '${row.name}' publishes ${formatPortMapping(other)}`);
    }
    const { protocol, hostAddress: address, hostPort, count, hostInterface } = port;
    const index = hostInterface === undefined ? undefined : findLink(hostInterface)?.index;
    const listener = findListener({ protocol, address, port: hostPort, count, index });
    if (listener === undefined) continue;
    const { owner } = listener;
    const who = owner === undefined ? "a program that netd can't see" : `'${owner.name}' (pid ${owner.pid})`;
    throw taken(port, `${who} listens on ${listener.address} port ${listener.port}`);
  }
}

/** A container without an address of the family in a network with a way out can't be reached. */
function checkReachable({ networks }: DaemonContext, { name, endpoints }: Claimant, mapping: PortMapping): void {
  const family = familyOf(mapping.hostAddress);
  if (mapping.hostAddress === "::1") {
    throw invalid(mapping, "the kernel leads nothing from ::1 to another host", "Publish on [::] or on 127.0.0.1");
  }
  if (mapping.hostInterface !== undefined && mapping.hostAddress.startsWith("127.")) {
    throw invalid(mapping, `nothing that enters by '${mapping.hostInterface}' may be for ${mapping.hostAddress}`);
  }
  const isReachable = endpoints.some(({ network }) => {
    const row = networks.get(network);
    if (row === undefined || row.kind !== "bridge" || row.isInternal) return false;
    return (family === 4 ? row.subnet : row.subnet6) !== undefined;
  });
  if (isReachable) return;
  if (endpoints.length === 0) {
    throw invalid(
      mapping,
      `container '${name}' has no network of its own`,
      "Connect it to one with 'netctl net connect'; what it does in the host's network is reached at the host's addresses",
    );
  }
  throw invalid(
    mapping,
    `container '${name}' is in no bridged network with IPv${family} and a way out`,
    "Connect it to one with 'netctl net connect', or publish on an address of the other family",
  );
}

function pick(context: DaemonContext, mapping: PortMapping, own: readonly PortMapping[]): PortMapping {
  const others = [...context.containers].flatMap(({ row }) => row.ports);
  const isUsed = (port: number): boolean => {
    const claim = { ...mapping, hostPort: port, count: 1 };
    if ([...own, ...others].some((known) => isClaimOverlapping(known, claim))) return true;
    return findListener({ protocol: claim.protocol, address: claim.hostAddress, port }) !== undefined;
  };
  const first = pickPorts({ range: readPortRange(), isUsed, count: mapping.count, random: Math.random });
  if (first !== undefined) return { ...mapping, hostPort: first };
  throw taken(mapping, `no ${mapping.count} ports in a row are free of net.ipv4.ip_local_port_range`);
}

function invalid(mapping: PortMapping, why: string, remedy = "See the forms with 'netctl publish -h'"): NetdError {
  return new NetdError("PORT_INVALID", `Cannot publish ${formatPortMapping(mapping)}: ${why}`, { remedy });
}

function taken(mapping: PortMapping, why: string): NetdError {
  return new NetdError("PORT_TAKEN", `Cannot publish ${formatPortMapping(mapping)}: ${why}, a free port wanted`, {
    remedy: "Choose another port or address, or leave the host's port out to have one picked",
  });
}
