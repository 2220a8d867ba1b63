/**
 * Which filter of system calls a container gets.
 *
 * @module
 */
import type { ContainerSpec } from "../../api/index.ts";
import type { OciSeccomp } from "../../runtime/index.ts";
import { type DefaultSeccompProfileOptions, defaultSeccompProfile } from "./default-profile.ts";
import { parseSeccompProfile } from "./docker-profile.ts";

/** Choose the filter that a definition asks for; undefined for none. @throws {NetdError} SECCOMP_PROFILE_INVALID */
export function planSeccomp(
  { seccomp, privileged }: Pick<ContainerSpec, "seccomp" | "privileged">,
  options: DefaultSeccompProfileOptions,
): OciSeccomp | undefined {
  // As in docker: a privileged container has none, whatever is asked for.
  if (privileged === true || seccomp === "unconfined") return undefined;
  return seccomp === undefined ? defaultSeccompProfile(options) : parseSeccompProfile(seccomp, options);
}
