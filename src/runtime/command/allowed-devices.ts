/**
 * Devices that every container may use, whatever its configuration says.
 *
 * Source: runc's libcontainer/specconv (AllowedDevices); runtime-spec config-linux.md "Default Devices".
 *
 * @module
 */
import type { OciConfig, OciDeviceRule } from "../oci/config.ts";

const CHARACTER = (major: number, minor?: number): OciDeviceRule => ({
  allow: true,
  type: "c",
  major,
  ...(minor === undefined ? {} : { minor }),
  access: "rwm",
});

const ALLOWED: readonly OciDeviceRule[] = [
  // Making a node gives nobody what is behind it.
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  CHARACTER(1, 3),
  CHARACTER(1, 5),
  CHARACTER(1, 7),
  CHARACTER(1, 8),
  CHARACTER(1, 9),
  CHARACTER(5, 0),
  CHARACTER(5, 2),
  CHARACTER(136),
];

/** Deny devices unless the configuration says otherwise, and allow those that every container needs. */
export function allowDevices(config: OciConfig): OciConfig {
  const { linux } = config;
  const devices = [...(linux.resources?.devices ?? [{ allow: false }]), ...ALLOWED];
  return { ...config, linux: { ...linux, resources: { ...linux.resources, devices } } };
}
