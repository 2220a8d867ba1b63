/**
 * A setting of a cgroup, and what the settings of both versions share. Pure.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { CgroupController } from "./layout.ts";
import type { CgroupThrottle } from "./resources.ts";

/** Range of blkio.weight. */
const WEIGHT = { min: 10, max: 1000 } as const;

/** One text for one file of a cgroup's directory. */
export interface CgroupSetting {
  controller: CgroupController;
  /** Directory of the hierarchy; the cgroup's own path follows. "" when the controller is not mounted. */
  mountPoint: string;
  file: string;
  text: string;
  /** Written instead when the kernel has no `file`: another name, other units. */
  instead?: { file: string; text: string };
  /** A kernel without the file needs no such limit. */
  isOptional?: true;
}

/** Write a whole number of any size in full. */
export function formatCount(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

/** The lines of one throttle list. */
export function formatThrottles(throttles: readonly CgroupThrottle[] | undefined): { device: string; rate: number }[] {
  return (throttles ?? []).map(({ major, minor, rate }) => ({ device: `${major}:${minor}`, rate }));
}

/** The error of limits that can't be. */
export function limitError(what: string, now: string, wanted: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot limit ${what}: ${now}, ${wanted} wanted`, {
    remedy: "Correct the limit, or leave it out",
  });
}

/** Size of huge pages as the kernel's files are named: `64KB`, `2MB`, `1GB`. @throws {NetdError} API_REQUEST_INVALID */
export function checkPageSize(pageSize: string): string {
  if (/^[1-9][0-9]*(KB|MB|GB)$/.test(pageSize)) return pageSize;
  throw limitError("huge pages", `page size '${pageSize}'`, "a size such as 64KB, 2MB or 1GB");
}

/** One line of rdma.max, the same in both versions. */
export function formatRdma(
  device: string,
  { hcaHandles, hcaObjects }: { hcaHandles?: number | undefined; hcaObjects?: number | undefined },
): string {
  return [
    device,
    ...(hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`]),
    ...(hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`]),
  ].join(" ");
}

/** Check a weight of block I/O, the same in both versions. @throws {NetdError} API_REQUEST_INVALID */
export function checkWeight(weight: number): void {
  if (weight >= WEIGHT.min && weight <= WEIGHT.max) return;
  throw limitError("the weight of block I/O", String(weight), `${WEIGHT.min} to ${WEIGHT.max}`);
}
