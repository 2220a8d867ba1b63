/**
 * Which netctl this is.
 *
 * @module
 */

/** Set by the build. */
declare const NETD_VERSION: string | undefined;

/** Version of the package that this netctl was built from. */
export const NETCTL_VERSION = typeof NETD_VERSION === "string" ? NETD_VERSION : "0.0.0";
