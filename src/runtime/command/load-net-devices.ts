/**
 * Loads what moves links, when a container has some.
 *
 * @module
 */
import { createRequire } from "node:module";

/** Load it; it lies beside our own file. */
export function loadNetDevices(): typeof import("./net-devices.ts") {
  return createRequire(__filename)("./netd-runtime-links.cjs") as typeof import("./net-devices.ts");
}
