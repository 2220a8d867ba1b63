/**
 * What the API takes already and netd cannot do yet: refused, never ignored.
 *
 * @module
 */
import type { ContainerSpec, UpdateSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";

/** A property leaves this list together with the change that makes it work. */
const UNREADY: Partial<Record<keyof ContainerSpec, string>> = {
  ip6: "--ip6",
  aliases: "--network-alias",
  networks: "a second --network",
};

/** Refuse what would be ignored. @throws {NetdError} FEATURE_UNSUPPORTED */
export function refuseUnready(spec: ContainerSpec | UpdateSpec, verb: "create" | "update"): void {
  for (const [key, option] of Object.entries(UNREADY)) {
    if (!(key in spec)) continue;
    const text = `Cannot ${verb} container: ${option} was given, which this netd does not have yet`;
    throw new NetdError("FEATURE_UNSUPPORTED", text, { remedy: "Leave it out" });
  }
}
