/**
 * Names of links by index, asked of the kernel once each.
 *
 * @module
 */
import { KernelError } from "../errno.ts";
import { getLink } from "./links.ts";
import type { RtnetlinkSocket } from "./rtnetlink-socket.ts";

const ENODEV = 19;

/** Make a function from index to name; undefined for a link that went away meanwhile. */
export function linkNames(socket: RtnetlinkSocket): (index: number) => string | undefined {
  const names = new Map<number, string | undefined>();
  return (index) => {
    if (!names.has(index)) names.set(index, nameOf(socket, index));
    return names.get(index);
  };
}

function nameOf(socket: RtnetlinkSocket, index: number): string | undefined {
  try {
    return getLink(socket, index).name;
  } catch (error) {
    if (error instanceof KernelError && error.errno === ENODEV) return undefined;
    throw error;
  }
}
