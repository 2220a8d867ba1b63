/**
 * What docker's users say to a network driver: `-d`, `-o` and their like, in netd's words.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { NetworkSpec } from "../api/index.ts";
import { UsageError } from "./usage-error.ts";

const CREATE_EXAMPLE = "netctl net create lab --subnet 10.20.0.0/24";

/** Drivers of docker that are not kinds of networks here, and what to do instead. */
const REFUSED_DRIVERS: Record<string, [why: string, remedy: string]> = {
  host: ["there is one network of the host already", "netctl run --network host IMAGE"],
  none: ["a container without a network needs none", "netctl run --network none IMAGE"],
  null: ["a container without a network needs none", "netctl run --network none IMAGE"],
  overlay: ["netd connects the containers of one host", "leave --driver out for a bridge"],
  ipvlan: ["netd has 'bridge' and 'macvlan'", "--kind macvlan --parent eth0"],
  vlan: ["netd has 'bridge' and 'macvlan'", "--kind macvlan --parent eth0.10, on a link that 'ip link add' made"],
};

/** Flags of docker that mean nothing here. */
const REFUSED_FLAGS: [flags: string, why: string, remedy: string][] = [
  ["--attachable", "every network takes containers at any time, and netd knows no swarm", "leave it out"],
  ["--ingress", "netd knows no swarm", "leave it out"],
  ["--config-only", "netd knows no swarm", "leave it out"],
  ["--config-from <network>", "netd knows no swarm", "give the options themselves"],
  ["--ipam-opt <option>", "addresses come from netd alone", "give --range and --exclude"],
];

/** Add flags that are taken only in the one sense that netd has. */
export function addRefusedFlags(command: Command): Command {
  const takeOnly = (flags: string, value: string, why: string): void => {
    const name = flags.split(" ")[0];
    const check = (text: string): string => {
      if (text === value) return text;
      throw new UsageError(`Cannot take ${name} '${text}': ${why}`, `leave ${name} out`);
    };
    command.addOption(new Option(flags).argParser(check).hideHelp());
  };
  takeOnly("--scope <scope>", "local", "netd has networks of one host, 'local' wanted");
  takeOnly("--ipam-driver <driver>", "default", "addresses come from netd alone, 'default' wanted");
  for (const [flags, why, remedy] of REFUSED_FLAGS) {
    const refuse = (): never => {
      throw new UsageError(`Cannot take ${flags.split(" ")[0]}: ${why}`, remedy);
    };
    const option = new Option(flags).hideHelp();
    command.addOption(option.required ? option.argParser(refuse) : option);
    if (!option.required) command.on(`option:${option.name()}`, refuse);
  }
  return command;
}

/** Read `--kind` or `--driver`. @throws {UsageError} for one that netd lacks */
export function parseKind(text: string): "bridge" | "macvlan" {
  if (text === "bridge" || text === "macvlan") return text;
  const [why, remedy] = REFUSED_DRIVERS[text] ?? ["netd has 'bridge' and 'macvlan'", CREATE_EXAMPLE];
  throw new UsageError(`Cannot create a network of kind '${text}': ${why}`, remedy);
}

type DriverOption = (value: string, text: string) => Partial<NetworkSpec> & { ipv6?: boolean };

const BRIDGE = "com.docker.network.bridge.";

/** Options of docker's drivers that netd has, under its own name. */
const DRIVER_OPTIONS: Record<string, DriverOption> = {
  parent: (parent) => ({ parent }),
  macvlan_mode: (value, text) => {
    if (["bridge", "vepa", "private", "passthru"].includes(value)) {
      return { macvlanMode: value as NonNullable<NetworkSpec["macvlanMode"]> };
    }
    throw invalid(text, "bridge, vepa, private or passthru wanted");
  },
  mtu: readMtu,
  "com.docker.network.driver.mtu": readMtu,
  "com.docker.network.enable_ipv6": (value, text) => ({ ipv6: isTrue(value, text) }),
  [`${BRIDGE}name`]: (bridge) => ({ bridge }),
  [`${BRIDGE}enable_icc`]: (value, text) => ({ isolated: !isTrue(value, text) }),
  [`${BRIDGE}enable_ip_masquerade`]: (value, text) => {
    const nat = isTrue(value, text) ? "masquerade" : "off";
    return { nat, nat6: nat };
  },
  [`${BRIDGE}gateway_mode_ipv4`]: (value, text) => ({ nat: natOfMode(value, text) }),
  [`${BRIDGE}gateway_mode_ipv6`]: (value, text) => ({ nat6: natOfMode(value, text) }),
};

const REFUSED_DRIVER_OPTIONS: Record<string, string> = {
  [`${BRIDGE}host_binding_ipv4`]: "give the address with each port: -p 192.0.2.1:8080:80",
  [`${BRIDGE}default_bridge`]: "the default network is the one called 'default'",
  "com.docker.network.container_iface_prefix": "leave it out: interfaces are called eth0, eth1 …",
};

/** Read the values of `-o KEY=VALUE`. @throws {UsageError} for one that netd has no equal of */
export function parseDriverOptions(texts: string[]): Partial<NetworkSpec> & { ipv6?: boolean } {
  return Object.assign({}, ...texts.map(parseDriverOption));
}

function parseDriverOption(text: string): ReturnType<DriverOption> {
  const [key = ""] = text.split("=", 1);
  const read = DRIVER_OPTIONS[key];
  if (read !== undefined) return read(text.slice(key.length + 1), text);
  const remedy = REFUSED_DRIVER_OPTIONS[key] ?? `one of ${Object.keys(DRIVER_OPTIONS).join(", ")}`;
  throw new UsageError(`Cannot take driver option '${text}': netd has no such option`, remedy);
}

function readMtu(value: string, text: string): Partial<NetworkSpec> {
  if (/^\d{2,5}$/.test(value)) return { mtu: Number(value) };
  throw invalid(text, "a number of bytes wanted");
}

function natOfMode(value: string, text: string): string {
  if (value === "nat") return "masquerade";
  if (value === "routed") return "off";
  throw invalid(text, "nat or routed wanted");
}

function isTrue(value: string, text: string): boolean {
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw invalid(text, "true or false wanted");
}

function invalid(text: string, wanted: string): UsageError {
  return new UsageError(`Cannot read driver option '${text}': ${wanted}`, "netctl net create -h");
}
