/**
 * The firewall in force, and what the rest of netd asks of it.
 *
 * @module
 */
export { FIREWALL_BACKENDS, type FirewallBackend, planOtherBackends } from "./backend.ts";
export { Firewall, type FirewallOptions } from "./firewall.ts";
export { type FirewallDrift, isInOrder } from "./inspect-firewall.ts";
