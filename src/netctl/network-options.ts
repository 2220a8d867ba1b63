/**
 * The options of `net create` and `net set` that a network can change while it lives.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { NetworkChange, NetworkRoute } from "../api/index.ts";
import { collect } from "./command-options.ts";
import { parseLabels } from "./parse-pairs.ts";
import { addSwitch } from "./switch-option.ts";
import { UsageError } from "./usage-error.ts";

/** Options as commander parses them. */
export interface NetworkOptions {
  mtu?: number;
  nat?: string;
  nat6?: string;
  internal?: boolean;
  isolated?: boolean;
  range?: string[];
  exclude?: string[];
  dns?: string[];
  domain?: string;
  route?: string[];
  label?: string[];
  drift?: "heal" | "report" | "off";
}

const MTU_MIN = 68;
const MTU_MAX = 65_535;

/** Add the options. In `net set`, a list is given anew as a whole, and `none` empties it. */
export function addNetworkOptions(command: Command): Command {
  command
    .option("--mtu <bytes>", "of its links; auto: that of the uplink, followed (default: auto)", parseMtu)
    .option("--nat <how>", "off, masquerade or snat:ADDRESS, for IPv4 (default: masquerade)", natParser("--nat"))
    .option("--nat6 <how>", "the same for IPv6 (default: masquerade)", natParser("--nat6"));
  addSwitch(command, "--internal", "no way out: nothing but its own containers can be reached, or asked for by name");
  addSwitch(command, "--isolated", "its containers cannot reach each other");
  return command
    .option("--range <first-last>", "give out only these addresses; a CIDR, too", collect)
    .option("--exclude <addresses>", "never give out an address, a range or a CIDR", collect)
    .option("--dns <address>", "ask this name server for names that are not containers'", collect)
    .option("--domain <name>", "the domain that its containers search")
    .option("--route <cidr:via>", "a route of its containers, through an address of the network", collect)
    .option("--label <name[=value]>", "attach a label", collect)
    .addOption(
      new Option("--drift <policy>", "what netd does when others change what it made (default: heal)").choices([
        "heal",
        "report",
        "off",
      ]),
    );
}

/** The part of a change, or of a specification, that the options make. @throws {UsageError} */
export function toNetworkChange(options: NetworkOptions): Omit<NetworkChange, "confirmSeconds"> {
  const { mtu, nat, nat6, internal, isolated, range, exclude, dns, domain, route, label, drift } = options;
  return {
    ...(mtu === undefined ? {} : { mtu }),
    ...(nat === undefined ? {} : { nat }),
    ...(nat6 === undefined ? {} : { nat6 }),
    ...(internal === undefined ? {} : { internal }),
    ...(isolated === undefined ? {} : { isolated }),
    ...(range === undefined ? {} : { ranges: listOf(range) }),
    ...(exclude === undefined ? {} : { excludes: listOf(exclude) }),
    ...(dns === undefined ? {} : { dns: listOf(dns) }),
    ...(domain === undefined ? {} : { domain: domain === "none" ? "" : domain }),
    ...(route === undefined ? {} : { routes: listOf(route).map(parseRoute) }),
    ...(label === undefined ? {} : { labels: parseLabels(listOf(label)) }),
    ...(drift === undefined ? {} : { drift }),
  };
}

/** Parse `CIDR:VIA`. IPv6 has colons of its own: the length of the destination's prefix ends it. @throws {UsageError} */
export function parseRoute(text: string): NetworkRoute {
  const [, to, via] = /^([^/]+\/\d{1,3}):(.+)$/.exec(text) ?? [];
  if (to !== undefined && via !== undefined) return { to, via: via.replace(/^\[(.*)\]$/, "$1") };
  throw new UsageError(`Cannot read --route '${text}': CIDR:VIA wanted`, "--route 10.8.0.0/16:172.20.0.254");
}

function listOf(values: string[]): string[] {
  return values.length === 1 && (values[0] === "none" || values[0] === "") ? [] : values;
}

function parseMtu(text: string): number {
  if (text === "auto") return 0;
  const mtu = Number(text);
  if (/^\d+$/.test(text) && mtu >= MTU_MIN && mtu <= MTU_MAX) return mtu;
  throw new UsageError(`Cannot read --mtu '${text}': ${MTU_MIN} to ${MTU_MAX} bytes, or auto, wanted`, "--mtu 1400");
}

function natParser(option: string): (text: string) => string {
  return (text) => {
    if (/^(off|masquerade|snat:[0-9a-fA-F.:]+)$/.test(text)) return text;
    throw new UsageError(`Cannot read ${option} '${text}': off, masquerade or snat:ADDRESS wanted`, `${option} off`);
  };
}
