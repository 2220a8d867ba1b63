import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { NetdError } from "../../../../src/errors.ts";
import { checkHost } from "../../../../src/runtime/oci/check-host.ts";
import { parseOciConfig } from "../../../../src/runtime/oci/parse-config.ts";
import { minimalConfig } from "../../../support/oci-documents.ts";

const PROCESS = { cwd: "/", args: ["sh"] };
const NETWORK = [{ type: "network" }];

function codeFor(parts: Record<string, unknown>): string {
  try {
    checkHost(parseOciConfig(minimalConfig(parts)));
    return "taken";
  } catch (error) {
    if (error instanceof NetdError) return error.code;
    throw error;
  }
}

/** What is asked of a kernel that has it, we lack. */
function lacking(path: string): string {
  return existsSync(path) ? "FEATURE_UNSUPPORTED" : "KERNEL_FEATURE_MISSING";
}

test.each([
  ["an AppArmor profile", { process: { ...PROCESS, apparmorProfile: "web" } }, lacking("/sys/module/apparmor")],
  ["an SELinux label", { process: { ...PROCESS, selinuxLabel: "a:b:c:s0" } }, lacking("/sys/fs/selinux/enforce")],
  ["a mount label", { linux: { mountLabel: "a:b:c:s0" } }, lacking("/sys/fs/selinux/enforce")],
  ["cache classes", { linux: { intelRdt: { closID: "web" } } }, lacking("/sys/fs/resctrl/schemata")],
  ["network devices", { linux: { namespaces: NETWORK, netDevices: { eth0: {} } } }, "taken"],
  [
    "sysctls of the host's network",
    {
      linux: {
        namespaces: [{ type: "network", path: "/proc/self/ns/net" }],
        sysctl: { "net.ipv4.ip_forward": "1" },
      },
    },
    "OCI_CONFIG_INVALID",
  ],
  ["no AppArmor profile", { process: { ...PROCESS, apparmorProfile: "unconfined" } }, "taken"],
  ["nothing of them", { linux: { namespaces: NETWORK, netDevices: {}, intelRdt: {} } }, "taken"],
])("checkHost answers to %s as this kernel and we can", (_, parts, code) => {
  expect(codeFor(parts)).toBe(code);
});
