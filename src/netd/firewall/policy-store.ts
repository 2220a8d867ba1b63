/**
 * What is allowed between networks and the access rules, in the state file.
 *
 * @module
 */
import type { AclSpec } from "../../api/index.ts";
import type { FirewallAllow } from "../../firewall/index.ts";
import type { StateStore } from "../state-store.ts";

/** Keys in the state file. */
const ALLOWS = "allows";
const ACLS = "acls";

/** All that is remembered, the access rules in their order. */
export interface PolicyRows {
  allows: FirewallAllow[];
  acls: Omit<AclSpec, "position">[];
}

/** Read what is remembered. */
export function readPolicy(store: Pick<StateStore, "getMeta">): PolicyRows {
  return {
    allows: JSON.parse(store.getMeta(ALLOWS) ?? "[]") as PolicyRows["allows"],
    acls: JSON.parse(store.getMeta(ACLS) ?? "[]") as PolicyRows["acls"],
  };
}

/** Remember; on return it survives a power cut. @throws {NetdError} STATE_WRITE_FAILED */
export function savePolicy(store: Pick<StateStore, "setMeta" | "transact">, { allows, acls }: PolicyRows): void {
  store.transact("policy", () => {
    store.setMeta(ALLOWS, JSON.stringify(allows));
    store.setMeta(ACLS, JSON.stringify(acls));
  });
}
