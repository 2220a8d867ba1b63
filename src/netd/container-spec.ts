/**
 * Checks of a container's definition that need nothing but the definition.
 *
 * @module
 */
import { isIP } from "node:net";
import { release } from "node:os";
import type { ContainerSpec } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import { planCapabilities } from "./container-config.ts";
import { checkLimits } from "./container-resources.ts";
import { checkProcessSpec } from "./process-config.ts";
import { describeMachine } from "./seccomp/machine.ts";
import { planSeccomp } from "./seccomp/plan-seccomp.ts";
import { parseSignal } from "./signal.ts";

/** RFC 1123 section 2.1, and what sethostname(2) takes. */
const HOSTNAME =
  /^(?=.{1,63}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;
const ENV = /^[^=\0]+=/;

/**
 * Refuse a definition that could never run, or that would break a file it is written into.
 *
 * @throws {NetdError} API_REQUEST_INVALID, ADDRESS_INVALID
 */
export function checkContainerSpec(spec: ContainerSpec): void {
  if (JSON.stringify(spec).includes("\\u0000")) throw invalid("a zero byte in it", "text without one");
  if (spec.hostname !== undefined && !HOSTNAME.test(spec.hostname)) {
    throw invalid(`hostname '${spec.hostname}'`, "up to 63 letters, digits, '-' and '.'");
  }
  if (spec.domainname !== undefined && !HOSTNAME.test(spec.domainname)) {
    throw invalid(`domain name '${spec.domainname}'`, "up to 63 letters, digits, '-' and '.'");
  }
  for (const entry of spec.env ?? []) {
    if (!ENV.test(entry)) throw invalid(`environment entry '${entry}'`, "KEY=VALUE");
  }
  if (spec.workdir !== undefined && !spec.workdir.startsWith("/")) {
    throw invalid(`working directory '${spec.workdir}'`, "an absolute path");
  }
  for (const { name, address } of spec.extraHosts ?? []) {
    if (!HOSTNAME.test(name)) throw invalid(`extra host '${name}'`, "a host name");
    checkAddress(address);
  }
  for (const address of spec.dns ?? []) checkAddress(address);
  checkProcessSpec(spec);
  if (spec.stopSignal !== undefined) parseSignal(spec.stopSignal);
  if (spec.restart !== undefined && spec.restart.policy !== "no" && spec.autoRemove === true) {
    throw autoRemoveConflict("create");
  }
  if (spec.restart?.maxRetries !== undefined && spec.restart.policy !== "on-failure") {
    throw invalid(`restart policy '${spec.restart.policy}' with a number of retries`, "'on-failure' with one");
  }
  checkLimits(spec);
  const capabilities = planCapabilities(spec.capAdd ?? [], spec.capDrop ?? []);
  if (spec.seccomp !== undefined) planSeccomp(spec, { capabilities, ...describeMachine(process.arch, release()) });
}

/** Make the error for a container that is both to be removed and to be started again when it ends. */
export function autoRemoveConflict(verb: "create" | "update"): NetdError {
  const text = `Cannot ${verb} container: it is removed at its end and restarted at its end, one of the two wanted`;
  return new NetdError("API_REQUEST_INVALID", text, { remedy: "Leave out --rm, or --restart" });
}

function checkAddress(address: string): void {
  if (isIP(address) !== 0) return;
  throw new NetdError("ADDRESS_INVALID", `Cannot parse '${address}' as an IP address: IPv4 or IPv6 wanted`, {
    remedy: "Give an address like 203.0.113.53",
  });
}

function invalid(now: string, wanted: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot create a container: ${now}, ${wanted} wanted`, {
    remedy: "Correct the request; 'netctl run -h' lists the forms",
  });
}
