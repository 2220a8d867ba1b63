/**
 * Links of the host that a container has for the time of its life.
 *
 * Source: runtime-spec config-linux.md, "Network Devices".
 *
 * @module
 */
import { closeSync, existsSync } from "node:fs";
import { type ErrorDocument, formatError, NetdError } from "../../errors.ts";
import {
  addAddress,
  deleteNetns,
  findLink,
  getLink,
  listAddresses,
  listLinks,
  moveLink,
  openNetns,
  pinNetns,
  RtnetlinkSocket,
  setLink,
  withNetns,
} from "../../kernel/index.ts";
import type { OciLinux } from "../oci/config.ts";

/** A link that was taken. */
export interface TakenDevice {
  /** Its name on the host. */
  host: string;
  /** Its index in the container's namespace: the name may change there. */
  index: number;
}

/** The two namespaces, their sockets open. */
interface Sides {
  hostFd: number;
  insideFd: number;
  host: RtnetlinkSocket;
  inside: RtnetlinkSocket;
}

/**
 * Move links into the network namespace of a process, with their addresses but for the link-local ones, and up. The namespace is pinned at
 * `pin`, so that it lives until they are given back. All of them or none. Errors are documents: this is a program file of its own, whose classes
 * others don't know. LAUNCH_FAILED when there is no such link, or a name is taken; KERNEL_CALL_FAILED.
 */
export function takeNetDevices(
  devices: NonNullable<OciLinux["netDevices"]>,
  pid: number,
  pin: string,
): TakenDevice[] | { failure: ErrorDocument } {
  const taken: TakenDevice[] = [];
  try {
    pinNetns(`/proc/${pid}/ns/net`, pin);
    between(pin, (sides) => {
      for (const [host, { name = host }] of Object.entries(devices)) {
        taken.push({ host, index: take(host, name, sides) });
      }
    });
    return taken;
  } catch (error) {
    returnNetDevices(taken, pin);
    return { failure: formatError(error) };
  }
}

/** Give links back to the namespace that we are in, with their old names, and unpin the container's. One that is gone is passed over. */
export function returnNetDevices(taken: readonly TakenDevice[], pin: string): void {
  if (!existsSync(pin)) return;
  const errors: unknown[] = [];
  try {
    between(pin, ({ hostFd, inside }) => {
      const there = new Set(listLinks(inside).map(({ index }) => index));
      for (const { host, index } of taken) {
        if (!there.has(index)) continue;
        try {
          setLink(inside, index, { isUp: false });
          moveLink(inside, index, { netnsFd: hostFd, name: host });
        } catch (error) {
          errors.push(error);
        }
      }
    });
  } finally {
    deleteNetns(pin);
  }
  if (errors.length > 0) throw errors[0];
}

function take(name: string, newName: string, { insideFd, host, inside }: Sides): number {
  const link = findLink(host, name);
  if (link === undefined) {
    throw new NetdError("LAUNCH_FAILED", `Cannot take the link '${name}': the host has none of that name`, {
      remedy: "See the links with 'ip link', and correct linux.netDevices",
    });
  }
  // The kernel moves first and names then: a link would be lost half-way.
  if (findLink(inside, newName) !== undefined) {
    throw new NetdError(
      "LAUNCH_FAILED",
      `Cannot take the link '${name}' as '${newName}': the container has one of that name`,
      {
        remedy: "Give it another name in linux.netDevices",
      },
    );
  }
  const addresses = listAddresses(host, { link: name }).filter(({ address }) => !/^fe[89ab]/i.test(address));
  setLink(host, link.index, { isUp: false });
  moveLink(host, link.index, { netnsFd: insideFd, name: newName });
  for (const { address } of addresses) addAddress(inside, { link: newName, address });
  const { index } = getLink(inside, newName);
  setLink(inside, index, { isUp: true });
  return index;
}

function between(pin: string, work: (sides: Sides) => void): void {
  const hostFd = openNetns();
  const insideFd = openNetns(pin);
  try {
    using host = RtnetlinkSocket.open();
    using inside = withNetns(pin, () => RtnetlinkSocket.open());
    work({ hostFd, insideFd, host, inside });
  } finally {
    closeSync(insideFd);
    closeSync(hostFd);
  }
}
