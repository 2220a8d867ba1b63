/**
 * Loads the other parts of the program.
 *
 * @module
 */
import { createRequire } from "node:module";

/** Load what forks; it lies beside our own file. */
export function loadForking(): typeof import("../forking.ts") {
  return createRequire(__filename)("./netd-runtime-forking.cjs") as typeof import("../forking.ts");
}

/** Load what seals; it lies there too. */
export function loadSeal(): typeof import("./seal.ts") {
  return createRequire(__filename)("./netd-runtime-seal.cjs") as typeof import("./seal.ts");
}

/** Load the daemon; it lies there too. */
export function loadServe(): typeof import("../serve.ts") {
  return createRequire(__filename)("./netd-runtime-serve.cjs") as typeof import("../serve.ts");
}
