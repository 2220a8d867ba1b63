import { expect, test } from "vitest";
import { describeFeatures } from "../../../../src/runtime/oci/features.ts";
import { parseOciConfig } from "../../../../src/runtime/oci/parse-config.ts";
import { parseMountOptions } from "../../../../src/runtime/plan/mount-options.ts";
import { minimalConfig } from "../../../support/oci-documents.ts";

interface Features {
  ociVersionMin: string;
  ociVersionMax: string;
  hooks: string[];
  mountOptions: string[];
  linux: {
    namespaces: string[];
    capabilities: string[];
    seccomp: { actions: string[]; operators: string[]; archs: string[]; supportedFlags: string[] };
  };
}

const FEATURES = describeFeatures("1.2.3") as Features;

test("describeFeatures tells versions, hooks, namespaces and capabilities that parseOciConfig takes", () => {
  const { ociVersionMin, ociVersionMax, hooks, linux } = FEATURES;
  for (const ociVersion of [ociVersionMin, ociVersionMax]) parseOciConfig(minimalConfig({ ociVersion }));
  const hook = [{ path: "/bin/true" }];
  const config = parseOciConfig(
    minimalConfig({
      process: { cwd: "/", args: ["sh"], capabilities: { bounding: linux.capabilities } },
      hooks: Object.fromEntries(hooks.map((kind) => [kind, hook])),
      linux: {
        namespaces: linux.namespaces.map((type) => ({ type, ...(type === "user" ? { path: "/run/user" } : {}) })),
      },
    }),
  );
  expect(Object.keys(config.hooks ?? {})).toEqual(hooks);
  expect(config.process.capabilities?.bounding).toEqual(linux.capabilities);
  expect(config.linux.namespaces).toHaveLength(linux.namespaces.length);
});

test("describeFeatures tells names of seccomp that parseOciConfig takes", () => {
  const { actions, operators, archs, supportedFlags } = FEATURES.linux.seccomp;
  const seccomp = {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: archs,
    flags: supportedFlags,
    listenerPath: "/run/agent.sock",
    syscalls: [
      ...actions.map((action) => ({ names: ["getcwd"], action })),
      { names: ["personality"], action: "SCMP_ACT_LOG", args: operators.map((op) => ({ index: 0, value: 1, op })) },
    ],
  };
  expect(parseOciConfig(minimalConfig({ linux: { seccomp } })).linux.seccomp).toEqual(seccomp);
});

test("describeFeatures tells no mount option that is left to the file system", () => {
  const left = FEATURES.mountOptions.filter((option) => parseMountOptions([option]).data.length > 0);
  expect(left).toEqual([]);
});
