/**
 * `features`: print what this runtime can.
 *
 * @module
 */
import { describeFeatures } from "../oci/features.ts";
import type { CommandCall } from "./command.ts";

/** Features. */
export function features({ global }: CommandCall): number {
  process.stdout.write(`${JSON.stringify(describeFeatures(global.version), null, 4)}\n`);
  return 0;
}
