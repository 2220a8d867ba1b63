import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NetdError } from "../../../../src/errors.ts";
import { parseJson } from "../../../../src/runtime/oci/json.ts";
import {
  configRule,
  parseOciConfig,
  parseOciProcess,
  parseOciResources,
} from "../../../../src/runtime/oci/parse-config.ts";
import { listPlaces } from "../../../../src/runtime/oci/rule.ts";
import { fullConfig, minimalConfig } from "../../../support/oci-documents.ts";

/** Set, or with undefined remove, what is at a path such as `linux.namespaces.0.type`. */
function edited(path: string, value: unknown): unknown {
  const document = JSON.parse(JSON.stringify(fullConfig()));
  const names = path.split(/\.(?![^[]*\])/);
  const last = names.pop() ?? "";
  const parent = names.reduce((node, name) => node[name] as Record<string, unknown>, document);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return document;
}

function refusal(document: unknown): string {
  try {
    parseOciConfig(document);
  } catch (error) {
    if (error instanceof NetdError && error.code === "OCI_CONFIG_INVALID") return error.message;
    throw error;
  }
  return "taken";
}

test("parseOciConfig takes a document with every property as it is", () => {
  expect(parseOciConfig(fullConfig())).toEqual(fullConfig());
});

test("parseOciConfig completes what a document leaves out", () => {
  expect(parseOciConfig(minimalConfig())).toEqual({
    ociVersion: "1.0.2",
    process: { cwd: "/", args: ["sh"], user: { uid: 0, gid: 0 }, env: [] },
    root: { path: "rootfs" },
    mounts: [],
    linux: { namespaces: [], cgroupsPath: "" },
  });
});

test("parseOciConfig takes null and empty strings of Go programs for absent", () => {
  const document = minimalConfig({
    hostname: "",
    mounts: null,
    hooks: null,
    linux: { namespaces: [{ type: "pid", path: "" }], seccomp: null },
  });
  expect(parseOciConfig(document)).toMatchObject({ mounts: [], linux: { namespaces: [{ type: "pid" }] } });
  expect(parseOciConfig(document)).not.toHaveProperty("hostname");
  expect(parseOciConfig(document).linux.namespaces[0]).not.toHaveProperty("path");
});

test("parseOciConfig passes over properties that the specification does not know", () => {
  const document = minimalConfig({ windows: 5, "x-own": {}, process: { cwd: "/", args: ["sh"], commandLine: 7 } });
  expect(Object.keys(parseOciConfig(document))).toEqual(["ociVersion", "process", "root", "mounts", "linux"]);
});

test("parseOciConfig makes paths of the host absolute when it knows the bundle", () => {
  const { root, mounts } = parseOciConfig(fullConfig(), { bundle: "/srv/box" });
  expect(root.path).toBe("/srv/box/rootfs");
  expect(mounts.map(({ source }) => source)).toEqual(["proc", "/srv/box/data"]);
});

test("parseOciConfig warns of what it passes over", () => {
  const warnings: string[] = [];
  const document = minimalConfig({
    process: { cwd: "/", args: ["sh"], capabilities: { bounding: ["CAP_KILL", "CAP_FLY"] } },
    mounts: [{ destination: "data", type: "tmpfs" }],
    linux: { personality: { domain: "LINUX", flags: ["READ_IMPLIES_EXEC"] } },
  });
  const config = parseOciConfig(document, { warn: (message) => warnings.push(message) });
  expect(config.process.capabilities?.bounding).toEqual(["CAP_KILL"]);
  expect(config.mounts[0]?.destination).toBe("/data");
  expect(warnings.map((message) => message.slice(0, message.indexOf(":")))).toEqual([
    "Cannot give $.process.capabilities.bounding[1]",
    "Cannot take $.mounts[0].destination as it is",
    "Cannot set $.linux.personality.flags",
  ]);
});

test("parseOciConfig keeps numbers of 64 bits exact", () => {
  const text = JSON.stringify(fullConfig())
    .replace('"value":8', '"value":18446744073709551615')
    .replace('"valueTwo":8', '"valueTwo":9007199254740993')
    .replace('"soft":1024,"hard":4096', '"soft":9223372036854775807,"hard":18446744073709551615')
    .replace('"limit":536870912', '"limit":9223372036854775807');
  const { process, linux } = parseOciConfig(parseJson(text));
  expect(linux.seccomp?.syscalls?.[0]?.args).toMatchObject([
    { value: "18446744073709551615", valueTwo: "9007199254740993" },
  ]);
  expect(process.rlimits).toMatchObject([{ soft: "9223372036854775807", hard: "18446744073709551615" }]);
  // Whole pages are what the kernel counts.
  expect(BigInt(linux.resources?.memory?.limit ?? 0)).toBe(9223372036854771712n);
});

test("parseOciConfig lets the last of two variables win", () => {
  const process = { cwd: "/", args: ["sh"], env: ["A=1", "B=2", "A=3"] };
  expect(parseOciConfig(minimalConfig({ process })).process.env).toEqual(["A=3", "B=2"]);
});

test.each(["1.0.0", "1.0.2-dev", "1.1.0-rc.2", "1.3.0", "1.27.3+build.5"])(
  "parseOciConfig takes version %s",
  (ociVersion) => {
    expect(parseOciConfig(minimalConfig({ ociVersion })).ociVersion).toBe(ociVersion);
  },
);

describe("parseOciConfig refuses", () => {
  const cases: [path: string, value: unknown, place: string][] = [
    ["ociVersion", undefined, "$.ociVersion"],
    ["ociVersion", "0.9.0", "$.ociVersion"],
    ["ociVersion", "2.0.0", "$.ociVersion"],
    ["ociVersion", "1.0", "$.ociVersion"],
    ["ociVersion", 1, "$.ociVersion"],
    ["process", undefined, "$.process"],
    ["process", [], "$.process"],
    ["process.args", undefined, "$.process.args"],
    ["process.args", [], "$.process.args"],
    ["process.args", "sh", "$.process.args"],
    ["process.args.0", 5, "$.process.args[0]"],
    ["process.args.0", "a\0b", "$.process.args[0]"],
    ["process.env.1", "NOVALUE", "$.process.env[1]"],
    ["process.env.1", "=x", "$.process.env[1]"],
    ["process.cwd", undefined, "$.process.cwd"],
    ["process.cwd", "srv", "$.process.cwd"],
    ["process.cwd", "", "$.process.cwd"],
    ["process.terminal", "yes", "$.process.terminal"],
    ["process.consoleSize.width", 65536, "$.process.consoleSize.width"],
    ["process.consoleSize", { height: 5 }, "$.process.consoleSize.width"],
    ["process.user.uid", -1, "$.process.user.uid"],
    ["process.user.uid", 4294967296, "$.process.user.uid"],
    ["process.user.uid", "0", "$.process.user.uid"],
    ["process.user.gid", 1.5, "$.process.user.gid"],
    ["process.user.umask", 512, "$.process.user.umask"],
    ["process.user.additionalGids.1", null, "$.process.user.additionalGids[1]"],
    ["process.capabilities.bounding", "CAP_KILL", "$.process.capabilities.bounding"],
    ["process.rlimits.0.type", "RLIMIT_FLIES", "$.process.rlimits[0].type"],
    ["process.rlimits.0.hard", 5, "$.process.rlimits[0].soft"],
    ["process.rlimits.0.hard", "18446744073709551616", "$.process.rlimits[0].hard"],
    ["process.rlimits.1", { type: "RLIMIT_NOFILE", soft: 1, hard: 1 }, "$.process.rlimits[1].type"],
    ["process.oomScoreAdj", 1001, "$.process.oomScoreAdj"],
    ["process.ioPriority.class", "IOPRIO_CLASS_NONE", "$.process.ioPriority.class"],
    ["process.ioPriority.priority", 8, "$.process.ioPriority.priority"],
    ["process.scheduler.nice", 20, "$.process.scheduler.nice"],
    ["process.scheduler.priority", 5, "$.process.scheduler.priority"],
    ["process.scheduler.policy", "SCHED_OTHER", "$.process.scheduler"],
    ["process.scheduler.flags.0", "SCHED_FLAG_ALL", "$.process.scheduler.flags[0]"],
    ["process.execCPUAffinity.initial", "a-b", "$.process.execCPUAffinity.initial"],
    ["root", undefined, "$.root"],
    ["root.path", undefined, "$.root.path"],
    ["root.path", "", "$.root.path"],
    ["root.readonly", 1, "$.root.readonly"],
    ["hostname", 7, "$.hostname"],
    ["mounts.0.destination", undefined, "$.mounts[0].destination"],
    ["mounts.0.options", "ro", "$.mounts[0].options"],
    ["mounts.1.options", ["ro"], "$.mounts[1]"],
    ["mounts.1.source", undefined, "$.mounts[1].source"],
    ["mounts.1.gidMappings", undefined, "$.mounts[1]"],
    ["hooks.prestart.0.path", "bin/true", "$.hooks.prestart[0].path"],
    ["hooks.poststop.0.timeout", 0, "$.hooks.poststop[0].timeout"],
    ["annotations.number", 5, '$.annotations["number"]'],
    ["annotations", { "": "x" }, '$.annotations[""]'],
    ["linux.namespaces.3.type", "net", "$.linux.namespaces[3].type"],
    ["linux.namespaces.3.type", "pid", "$.linux.namespaces[3].type"],
    ["linux.namespaces.1.path", "netns/box", "$.linux.namespaces[1].path"],
    ["linux.namespaces", [{ type: "uts" }, { type: "mount" }], "$.linux.timeOffsets"],
    ["linux.namespaces", [{ type: "mount" }], "$.hostname"],
    ["linux.uidMappings", [], "$.linux.uidMappings"],
    ["linux.uidMappings.0.size", 0, "$.linux.uidMappings[0].size"],
    ["linux.uidMappings.0.size", 4294967295, "$.linux.uidMappings[0]"],
    ["linux.timeOffsets.realtime", { secs: 1 }, '$.linux.timeOffsets["realtime"]'],
    ["linux.timeOffsets.boottime.nanosecs", 1000000000, '$.linux.timeOffsets["boottime"].nanosecs'],
    ["linux.devices.0.path", "dev/fuse", "$.linux.devices[0].path"],
    ["linux.devices.0.type", "x", "$.linux.devices[0].type"],
    ["linux.devices.0.major", undefined, "$.linux.devices[0].major"],
    ["linux.netDevices", { "": {} }, '$.linux.netDevices[""]'],
    ["linux.netDevices", { "..": {} }, '$.linux.netDevices[".."]'],
    ["linux.netDevices.veth7.name", "averyverylongname", '$.linux.netDevices["veth7"].name'],
    ["linux.netDevices.eth0", {}, "$.linux.netDevices"],
    ["linux.resources.devices.0.allow", undefined, "$.linux.resources.devices[0].allow"],
    ["linux.resources.devices.0.access", "rx", "$.linux.resources.devices[0].access"],
    ["linux.resources.memory.limit", "9223372036854775808", "$.linux.resources.memory.limit"],
    ["linux.resources.memory.swappiness", 101, "$.linux.resources.memory.swappiness"],
    ["linux.resources.cpu.cpus", "all", "$.linux.resources.cpu.cpus"],
    ["linux.resources.blockIO.weight", 65536, "$.linux.resources.blockIO.weight"],
    ["linux.resources.blockIO.weightDevice.0", { major: 8, minor: 0 }, "$.linux.resources.blockIO.weightDevice[0]"],
    ["linux.resources.hugepageLimits.0.pageSize", "2M", "$.linux.resources.hugepageLimits[0].pageSize"],
    ["linux.resources.unified", { "../memory.max": "1" }, '$.linux.resources.unified["../memory.max"]'],
    ["linux.rootfsPropagation", "full", "$.linux.rootfsPropagation"],
    ["linux.seccomp.defaultAction", undefined, "$.linux.seccomp.defaultAction"],
    ["linux.seccomp.defaultAction", "SCMP_ACT_NOTIFY", "$.linux.seccomp.defaultErrnoRet"],
    ["linux.seccomp.defaultAction", "SCMP_ACT_ALLOW", "$.linux.seccomp.defaultErrnoRet"],
    ["linux.seccomp.architectures.0", "x86_64", "$.linux.seccomp.architectures[0]"],
    ["linux.seccomp.flags.0", "LOG", "$.linux.seccomp.flags[0]"],
    ["linux.seccomp.listenerPath", undefined, "$.linux.seccomp.listenerMetadata"],
    ["linux.seccomp.syscalls.0.names", [], "$.linux.seccomp.syscalls[0].names"],
    ["linux.seccomp.syscalls.0.action", "SCMP_ACT_ALLOW", "$.linux.seccomp.syscalls[0].errnoRet"],
    ["linux.seccomp.syscalls.0.args.0.index", 6, "$.linux.seccomp.syscalls[0].args[0].index"],
    ["linux.seccomp.syscalls.0.args.0.op", "==", "$.linux.seccomp.syscalls[0].args[0].op"],
    ["linux.seccomp.syscalls.0.args.0.value", -1, "$.linux.seccomp.syscalls[0].args[0].value"],
    ["linux.seccomp.syscalls.1", { names: ["write"], action: "SCMP_ACT_NOTIFY" }, "$.linux.seccomp.syscalls[1].names"],
    ["linux.sysctl", { "kernel.panic": "1" }, '$.linux.sysctl["kernel.panic"]'],
    ["linux.sysctl", { "kernel.hostname": "x" }, '$.linux.sysctl["kernel.hostname"]'],
    ["linux.sysctl", { "net..ipv4": "1" }, '$.linux.sysctl["net..ipv4"]'],
    ["linux.sysctl", { "net/../kernel/panic": "1" }, '$.linux.sysctl["net/../kernel/panic"]'],
    ["linux.sysctl", { "net.//.kernel.panic": "1" }, '$.linux.sysctl["net.//.kernel.panic"]'],
    ["linux.sysctl", { "net.ipv4.ip_forward": 1 }, '$.linux.sysctl["net.ipv4.ip_forward"]'],
    ["linux.maskedPaths.0", "proc/kcore", "$.linux.maskedPaths[0]"],
    ["linux.intelRdt.closID", "../x", "$.linux.intelRdt.closID"],
    ["linux.memoryPolicy.mode", "BIND", "$.linux.memoryPolicy.mode"],
    ["linux.personality.domain", "SVR4", "$.linux.personality.domain"],
  ];

  test.each(cases)("%s = %j", (path, value, place) => {
    expect(refusal(edited(path, value))).toMatch(`Cannot take ${place}: `);
  });

  test.each([undefined, null, 5, "{}", [], true])("a document that is %j", (document) => {
    expect(refusal(document)).toMatch("Cannot take $: ");
  });

  test("a sysctl of a namespace that the container has not of its own", () => {
    const linux = { namespaces: [{ type: "uts" }], sysctl: { "net/ipv4/conf/eth0.1/forwarding": "1" } };
    expect(refusal(minimalConfig({ linux }))).toMatch('$.linux.namespaces has no "network"');
  });
});

test("parseOciConfig throws nothing but errors that name a place, whatever one value of the document is", () => {
  const places = listValues(fullConfig());
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      fc.anything({ withBigInt: true, withNullPrototype: true }),
      (names, value) => {
        const document = fullConfig();
        const parent = names.slice(0, -1).reduce((node, name) => node[name] as Record<string, unknown>, document);
        parent[names.at(-1) ?? ""] = value;
        expect(refusal(document)).toMatch(/^taken$|^Cannot take \$/);
      },
    ),
    { numRuns: 2000 },
  );
});

test("parseOciConfig gives what it takes again", () => {
  const config = parseOciConfig(fullConfig());
  expect(parseOciConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
});

test("listPlaces finds the properties that a full document has", () => {
  const have = listValues(fullConfig())
    .map((names) => names.join("."))
    .map((path) => path.replace(/\.\d+(?=\.|$)/g, "[]"))
    .filter((path) => !path.endsWith("[]"))
    .map((path) => path.replace(/((?:sysctl|unified|annotations|rdma|netDevices|timeOffsets)\.)(.*)/, starLast));
  expect([...new Set(have)].sort()).toEqual([...listPlaces(configRule)].sort());
});

/** Names of keys become stars; those that hold dots too. */
function starLast(_: string, map: string, rest: string): string {
  const known = ["hcaHandles", "hcaObjects", "name", "secs", "nanosecs"].find((name) => rest.endsWith(`.${name}`));
  return `${map}*${known === undefined ? "" : `.${known}`}`;
}

test("parseOciProcess and parseOciResources take the parts by themselves", () => {
  expect(parseOciProcess({ cwd: "/", args: ["true"] })).toEqual({
    cwd: "/",
    args: ["true"],
    env: [],
    user: { uid: 0, gid: 0 },
  });
  expect(() => parseOciProcess({ cwd: "/" })).toThrow("Cannot take $.args: it is missing");
  expect(parseOciResources({ pids: { limit: 5 }, devices: [{ allow: false, major: -1 }] })).toEqual({
    pids: { limit: 5 },
    devices: [{ allow: false, access: "rwm" }],
  });
  expect(() => parseOciResources({ memory: { limit: "1g" } })).toThrow('Cannot take $.memory.limit: it is "1g"');
});

/** Paths of everything in a document. */
function listValues(node: unknown, names: string[] = []): string[][] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => [[...names, name], ...listValues(value, [...names, name])]);
}
