import { expect, test } from "vitest";
import { type DaemonOptions, parseDaemonOptions, USAGE } from "../../../src/netd/options.ts";

const DEFAULTS: DaemonOptions = {
  runDir: "/run/netd",
  stateDir: "/var/lib/netd",
  socket: "/run/netd/netd.sock",
  bridge: "br0",
  subnet: undefined,
  subnet6: undefined,
  gateway: undefined,
  isAdopting: false,
  isTeardown: false,
  socketGroup: undefined,
  logLevel: "info",
  firewall: "nft",
};

test.each<[argv: string[], env: Record<string, string>, options: Partial<DaemonOptions>]>([
  [[], {}, {}],
  [["--run-dir", "/r"], {}, { runDir: "/r", socket: "/r/netd.sock" }],
  [[], { NETD_RUN_DIR: "/e" }, { runDir: "/e", socket: "/e/netd.sock" }],
  [["--run-dir", "/r"], { NETD_RUN_DIR: "/e" }, { runDir: "/r", socket: "/r/netd.sock" }],
  [["--run-dir", "/r//"], {}, { runDir: "/r", socket: "/r/netd.sock" }],
  [["--state-dir=/s"], { NETD_STATE_DIR: "/e" }, { stateDir: "/s" }],
  [["--run-dir", "/r"], { NETD_SOCKET: "/s.sock" }, { runDir: "/r", socket: "/s.sock" }],
  [["--socket", "/a.sock"], { NETD_SOCKET: "/s.sock" }, { socket: "/a.sock" }],
  [
    ["--subnet", "10.0.0.0/8", "--gateway", "10.0.0.9", "--bridge", "br-lab", "--adopt"],
    {},
    { subnet: "10.0.0.0/8", gateway: "10.0.0.9", bridge: "br-lab", isAdopting: true },
  ],
  [
    ["--teardown", "--log-level", "debug", "--group", "adm"],
    {},
    { isTeardown: true, logLevel: "debug", socketGroup: "adm" },
  ],
])("parseDaemonOptions of %j in %j runs with %j", (argv, env, options) => {
  expect(parseDaemonOptions(argv, env)).toEqual({ kind: "run", options: { ...DEFAULTS, ...options } });
});

test.each([
  [["--help"], "help"],
  [["-h"], "help"],
  [["--version"], "version"],
])("parseDaemonOptions of %j asks for %s", (argv, kind) => {
  expect(parseDaemonOptions(argv, {})).toEqual({ kind });
});

test.each([
  [["--nope"], /--nope/],
  [["start"], /start/],
  [["--subnet"], /--subnet/],
  [["--run-dir", "run"], /run-dir 'run'.*absolute/],
  [["--socket", "netd.sock"], /absolute/],
  [["--state-dir", ""], /absolute/],
  [["--run-dir", `/${"d".repeat(94)}`], /107 bytes/],
  [["--socket", `/${"ü".repeat(54)}`], /107 bytes/],
  [["--bridge", "sixteen-letters1"], /bridge name/],
  [["--bridge", ""], /bridge name/],
  [["--bridge", "br/0"], /bridge name/],
  [["--bridge", 'br"; drop'], /bridge name/],
  [["--bridge", ".."], /bridge name/],
  [["--firewall", "pf"], /firewall 'pf'/],
  [["--log-level", "loud"], /log level 'loud'/],
])("parseDaemonOptions refuses %j", (argv, message) => {
  expect(() => parseDaemonOptions(argv, {})).toThrowError(message);
});

test("parseDaemonOptions takes a run directory whose sockets just fit", () => {
  const runDir = `/${"d".repeat(107 - 1 - "/runtime.sock".length)}`;
  expect(parseDaemonOptions(["--run-dir", runDir], {})).toMatchObject({ kind: "run", options: { runDir } });
});

test("USAGE tells of every flag that parseDaemonOptions takes", () => {
  const flags = [...USAGE.matchAll(/^ {2}(--[a-z0-9-]+)/gm)].map(([, flag]) => flag!); // the group is in each match
  expect(flags).toHaveLength(13);
  for (const flag of flags) {
    const values = flag === "--firewall" ? ["nft"] : flag === "--log-level" ? ["info"] : ["/value"];
    const takesValue = new RegExp(`${flag} [A-Z]`).test(USAGE);
    const argv = flag === "--bridge" ? [flag, "br1"] : takesValue ? [flag, ...values] : [flag];
    expect(() => parseDaemonOptions(argv, {})).not.toThrowError();
  }
});
