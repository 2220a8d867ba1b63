/**
 * Loads the other half of the program.
 *
 * @module
 */
import { createRequire } from "node:module";

/** Load what forks; it lies beside our own file. */
export function loadForking(): typeof import("../forking.ts") {
  return createRequire(__filename)("./netd-runtime-forking.cjs") as typeof import("../forking.ts");
}
