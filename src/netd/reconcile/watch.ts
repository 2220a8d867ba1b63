/**
 * Listens to the kernel, and tells the reconciler when something of ours may have been changed.
 *
 * @module
 */
import { type NetworkChange, type NetworkChanges, NetworkMonitor } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import { settledContainers } from "./desired.ts";

/** What a {@link watchNetwork} needs besides the context. */
export interface WatchNetworkOptions {
  /** Called when a default route or its link may have changed. */
  onUplink: () => void;
}

/** Listen in this network namespace until the answer is disposed of. */
export function watchNetwork(context: DaemonContext, { onUplink }: WatchNetworkOptions): Disposable {
  return new NetworkMonitor({
    onChange: (told) => {
      if (mayBeUplink(context, told)) onUplink();
      const { isOurs, rules } = sortChanges(context, told);
      if (isOurs) context.reconciler.hint({ rules });
    },
  });
}

/** Whether something of ours may be among the changes, and whether rules are. What comes and goes with containers that start and end is no news. */
function sortChanges(
  context: DaemonContext,
  { changes, isIncomplete }: NetworkChanges,
): { isOurs: boolean; rules: boolean } {
  if (isIncomplete) return { isOurs: true, rules: true };
  const bridges = new Set([...context.networks].map(({ bridge }) => bridge));
  const ends = new Set(
    settledContainers(context).flatMap(({ endpoints }) => endpoints.map(({ hostInterface }) => hostInterface)),
  );
  const isOurs = (change: NetworkChange): boolean => {
    if (change.kind !== "link") return true;
    // A stranger's link may have become a port of our bridge; that of a container that starts will be looked at with the next news.
    return bridges.has(change.name) || ends.has(change.name) || !isEndOf(change.name);
  };
  return { isOurs: changes.some(isOurs), rules: changes.some(({ kind }) => kind === "rules") };
}

/** Whether a link is named as the host ends of our pairs are. */
function isEndOf(name: string): boolean {
  return /^ve[0-9a-f]{10}(-\d+)?$/.test(name);
}

/** Our own bridges come up and go down with their containers, and are the way out of none. */
function mayBeUplink({ networks }: DaemonContext, { changes, isIncomplete }: NetworkChanges): boolean {
  const own = new Set(
    [...networks].filter(({ kind, isAdopted }) => kind === "bridge" && !isAdopted).map(({ bridge }) => bridge),
  );
  return (
    isIncomplete ||
    changes.some(
      ({ kind, name }) =>
        (kind === "route" && name === "default") || (kind === "link" && !isEndOf(name) && !own.has(name)),
    )
  );
}
