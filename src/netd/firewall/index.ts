/**
 * The firewall in force, and what the rest of netd asks of it.
 *
 * @module
 */
export { Firewall, type FirewallOptions } from "./firewall.ts";
export { type FirewallDrift, isInOrder } from "./inspect-firewall.ts";
