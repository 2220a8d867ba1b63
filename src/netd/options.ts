/**
 * netd's own command line and environment.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { FIREWALL_BACKENDS, type FirewallBackend } from "./firewall/backend.ts";

/** How a daemon was asked to run. Paths are absolute. */
export interface DaemonOptions {
  runDir: string;
  stateDir: string;
  socket: string;
  bridge: string;
  /** Absent: the one in state, else a free one is picked. */
  subnet: string | undefined;
  /** IPv6 subnet; `auto`: one of the host's own prefix; `none`: no IPv6; absent: as in state, else none. */
  subnet6: string | undefined;
  /** Absent: the one in state, else the subnet's first address. */
  gateway: string | undefined;
  isAdopting: boolean;
  isTeardown: boolean;
  /** Group that may use the socket besides root. */
  socketGroup: string | undefined;
  logLevel: string;
  /** Chosen at each start. */
  firewall: FirewallBackend;
}

/** What the command line asks for: to run, or to print something. */
export type DaemonCommand = { kind: "run"; options: DaemonOptions } | { kind: "help" } | { kind: "version" };

export const USAGE = `Usage: netd [--subnet CIDR] [--subnet6 CIDR|auto] [--gateway A] [--bridge NAME] [--adopt] [--run-dir D] [--state-dir D] [--socket S]
       netd --teardown

Owns bridges, address leases, NAT, DNS and the generated files of containers; serves netctl on a unix socket.
Runs in the foreground; SIGTERM stops it, containers and their network go on.

  --subnet CIDR      subnet of the default network (172.16.0.0/24, or a free one when that is in use)
  --subnet6 CIDR     its IPv6 subnet; auto: one of this host's own; none (as it was, else none)
  --gateway ADDRESS  the bridge's address in it (its first)
  --bridge NAME      name of the bridge (br0)
  --adopt            take over a bridge of that name that somebody else made
  --firewall NAME    what its rules are written in: nft, iptables (over nf_tables) or iptables-legacy (nft); not remembered
  --run-dir DIR      sockets and records of running containers (/run/netd; NETD_RUN_DIR)
  --state-dir DIR    state, images, container files (/var/lib/netd; NETD_STATE_DIR)
  --socket PATH      the API's unix socket (RUN-DIR/netd.sock; NETD_SOCKET)
  --group NAME       group that may use the socket besides root
  --log-level LEVEL  debug, info, warn, error or silent (info)
  --teardown         remove everything this netd owns: containers, leases, network, rules, images, state; nothing else
  --version, --help

Examples:
  netd
  netd --subnet 10.20.0.0/24 --gateway 10.20.0.254
  netd --run-dir /run/lab --state-dir /var/lib/lab --teardown
`;

const FLAGS = {
  subnet: { type: "string" },
  subnet6: { type: "string" },
  gateway: { type: "string" },
  bridge: { type: "string" },
  firewall: { type: "string" },
  adopt: { type: "boolean" },
  "run-dir": { type: "string" },
  "state-dir": { type: "string" },
  socket: { type: "string" },
  group: { type: "string" },
  "log-level": { type: "string" },
  teardown: { type: "boolean" },
  version: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];
/** IFNAMSIZ less the zero byte, and no character that a path or a rule could trip over. */
const LINK_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/;

/**
 * Parse netd's arguments and environment.
 *
 * @throws {TypeError} with a message for the user: unknown flag, missing value, relative directory
 */
export function parseDaemonOptions(argv: string[], env: Record<string, string | undefined>): DaemonCommand {
  const { values } = parseArgs({ args: argv, options: FLAGS, allowPositionals: false });
  if (values.help === true) return { kind: "help" };
  if (values.version === true) return { kind: "version" };
  const runDir = checkPath("run-dir", values["run-dir"] ?? env.NETD_RUN_DIR ?? "/run/netd");
  const stateDir = checkPath("state-dir", values["state-dir"] ?? env.NETD_STATE_DIR ?? "/var/lib/netd");
  const socket = checkPath("socket", values.socket ?? env.NETD_SOCKET ?? `${runDir}/netd.sock`);
  // sun_path holds 108 bytes, the last one zero (unix(7)).
  if (Buffer.byteLength(`${runDir}/runtime.sock`) > 107 || Buffer.byteLength(socket) > 107) {
    throw new TypeError(`Cannot use run directory '${runDir}': a socket's path may have 107 bytes, make it shorter`);
  }
  const bridge = values.bridge ?? "br0";
  if (!LINK_NAME.test(bridge))
    throw new TypeError(`Cannot use bridge name '${bridge}': 1 to 15 letters, digits, '_', '.', '-' wanted`);
  const logLevel = values["log-level"] ?? "info";
  if (!LOG_LEVELS.includes(logLevel))
    throw new TypeError(`Cannot use log level '${logLevel}': one of ${LOG_LEVELS.join(", ")} wanted`);
  const name = values.firewall ?? "nft";
  const firewall = FIREWALL_BACKENDS.find((known) => known === name);
  if (firewall === undefined)
    throw new TypeError(`Cannot use firewall '${name}': one of ${FIREWALL_BACKENDS.join(", ")} wanted`);
  return {
    kind: "run",
    options: {
      runDir,
      stateDir,
      socket,
      bridge,
      subnet: values.subnet,
      subnet6: values.subnet6,
      gateway: values.gateway,
      isAdopting: values.adopt ?? false,
      isTeardown: values.teardown ?? false,
      socketGroup: values.group,
      logLevel,
      firewall,
    },
  };
}

function checkPath(flag: string, path: string): string {
  if (!path.startsWith("/")) throw new TypeError(`Cannot use --${flag} '${path}': an absolute path wanted`);
  return path.replace(/\/+$/, "");
}
