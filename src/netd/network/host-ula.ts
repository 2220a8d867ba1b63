/**
 * This host's own IPv6 prefix.
 *
 * @module
 */
import { type IpSubnet, makeUlaPrefix, parseIpSubnet, ULA_RANDOM_BYTES } from "../../address/index.ts";
import type { StateStore } from "../state-store.ts";

const KEY = "ula";

/** The /48 that networks get their /64 from (RFC 4193): made once for each state directory. @throws {NetdError} STATE_WRITE_FAILED */
export function hostUla(
  store: Pick<StateStore, "getMeta" | "setMeta">,
  random: (bytes: number) => Uint8Array,
): IpSubnet {
  const known = store.getMeta(KEY);
  if (known !== undefined) return parseIpSubnet(known);
  const made = makeUlaPrefix(random(ULA_RANDOM_BYTES));
  store.setMeta(KEY, made.cidr);
  return made;
}
