/**
 * The limit of a bridge, told in words.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";

/** Ports that a bridge can have: BR_MAX_PORTS of net/bridge/br_private.h, less number 0. */
export const BRIDGE_MAX_PORTS = 1023;

/** asm-generic/errno.h */
const EXFULL = 54;

/**
 * Join a link to a bridge; the kernel's "exchange full" becomes an error that says what is full.
 *
 * @throws {NetdError} BRIDGE_FULL, and what `join` throws
 */
export function orTellFull(link: string, bridge: string | null | undefined, join: () => void): void {
  try {
    join();
  } catch (cause) {
    if (!(cause instanceof KernelError) || cause.errno !== EXFULL || typeof bridge !== "string") throw cause;
    throw new NetdError(
      "BRIDGE_FULL",
      `Cannot join link '${link}' to bridge '${bridge}': it has ${BRIDGE_MAX_PORTS} ports, all that the kernel allows, a free one wanted`,
      {
        remedy: "Use another network, made with 'netctl net create', or stop containers of this one",
        cause,
      },
    );
  }
}
