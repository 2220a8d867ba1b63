/**
 * Kernel parameters of the host that networks need, and what they were before.
 *
 * @module
 */
import {
  hasSysctl,
  listRoutes,
  type NetworkStep,
  type NetworkStepOf,
  RtnetlinkSocket,
  readSysctl,
} from "../../kernel/index.ts";
import type { StateStore } from "../state-store.ts";
import type { NetworkRow } from "./network-row.ts";

const FORWARD = "net/ipv4/ip_forward";
const FORWARD6 = "net/ipv6/conf/all/forwarding";

/** Key in the state under which the host's own value of a sysctl is kept. */
const MEMO_PREFIX = "sysctl:";

/** The parameters that these networks need, whatever they are now. */
export function neededSysctls(networks: readonly NetworkRow[]): NetworkStepOf<"sysctl.set">[] {
  const hasSix = networks.some(({ kind, subnet6 }) => kind === "bridge" && subnet6 !== undefined);
  return [FORWARD, ...(hasSix ? [FORWARD6] : [])].map((key) => ({ op: "sysctl.set", key, value: "1" }));
}

/**
 * Plan the parameters that are not yet as needed; the values found are remembered first, to be put back at teardown.
 *
 * A host that forwards IPv6 no longer listens to its routers (networking/ip-sysctl, accept_ra), and would lose the default route that one of
 * them gave it: links that have such a route are told to listen all the same.
 */
export function planHostSysctls(store: StateStore, networks: readonly NetworkRow[]): NetworkStep[] {
  const wanted = neededSysctls(networks).filter(({ key, value }) => readSysctl(key) !== value);
  const listening = wanted.some(({ key }) => key === FORWARD6) ? planListening() : [];
  return [...listening, ...wanted].map((step) => {
    if (store.getMeta(MEMO_PREFIX + step.key) === undefined)
      store.setMeta(MEMO_PREFIX + step.key, readSysctl(step.key));
    return step;
  });
}

/** Plan what puts the parameters back that have our value still: somebody may have set one since. */
export function planSysctlsBack(store: StateStore): NetworkStep[] {
  return store.listMeta(MEMO_PREFIX).flatMap(({ key: memoKey, value: before }): NetworkStep[] => {
    const key = memoKey.slice(MEMO_PREFIX.length);
    const ours = key.endsWith("/accept_ra") ? "2" : "1";
    return hasSysctl(key) && readSysctl(key) === ours ? [{ op: "sysctl.set", key, value: before }] : [];
  });
}

function planListening(): NetworkStepOf<"sysctl.set">[] {
  using socket = RtnetlinkSocket.open();
  const links = listRoutes(socket, { family: "inet6" }).flatMap(({ to, protocol, dev }) =>
    to === "default" && protocol === "ra" && dev !== undefined ? [dev] : [],
  );
  return [...new Set(links)]
    .map((link) => `net/ipv6/conf/${link}/accept_ra`)
    .filter((key) => readSysctl(key) === "1")
    .map((key) => ({ op: "sysctl.set", key, value: "2" }));
}
