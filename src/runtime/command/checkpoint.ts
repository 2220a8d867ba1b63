/**
 * `checkpoint` and `restore`, which netd-runtime refuses.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";

/** Refuse. @throws {NetdError} FEATURE_UNSUPPORTED */
export function refuseCheckpoint(): never {
  throw new NetdError(
    "FEATURE_UNSUPPORTED",
    "Cannot checkpoint or restore containers: netd-runtime does not use criu",
    {
      remedy: "Use a runtime that does, such as runc",
    },
  );
}
