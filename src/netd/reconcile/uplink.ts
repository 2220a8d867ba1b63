/**
 * Follows the host's way out: its MTU is that of every network that has none of its own.
 *
 * @module
 */
import type { DaemonContext } from "../context.ts";
import { findUplink } from "../kernel-facts.ts";

/** Look at the way out again; when its MTU changed, bring all links that follow it there. Without a way out all stays as it is. */
export function followUplink({ uplink, reconciler, events, logger }: DaemonContext): void {
  const before = uplink.mtu;
  uplink.mtu = findUplink()?.mtu ?? before;
  if (uplink.mtu === before) return;
  logger.info({ before, now: uplink.mtu }, "the MTU of the way out has changed, networks follow");
  events.emit({ type: "uplink.changed", attributes: { mtu: String(uplink.mtu), before: String(before) } });
  reconciler.heal({ rules: false, inside: true }, { isQuiet: true });
}
