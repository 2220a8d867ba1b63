/**
 * What a container is to have in one network: the options of `net connect`, and docker's long form of `--network`.
 *
 * @module
 */
import type { EndpointSpec } from "../api/index.ts";
import { UsageError } from "./usage-error.ts";

const LONG_FORM_EXAMPLE = "--network name=lab,ip=10.20.0.9,alias=db";

/** Why netd does not take some of docker's fields, and what to do instead. */
const REFUSED_FIELDS: Record<string, [why: string, remedy: string]> = {
  "link-local-ip": ["netd gives no link-local addresses", "add it inside: netctl exec NAME ip address add …"],
  "driver-opt": ["netd's networks have no options of that kind", "--sysctl net.ipv4.conf.eth0.NAME=VALUE"],
};

/** An endpoint as `--network` asks for it. */
export interface WantedEndpoint extends EndpointSpec {
  /** Docker's gw-priority: the highest has the default route. */
  priority?: number;
}

/**
 * Parse a value of `--network`: a name, or fields such as `name=lab,ip=10.20.0.9,alias=db,alias=sql`.
 *
 * @throws {UsageError}
 */
export function parseEndpoint(text: string): WantedEndpoint {
  if (!/^[a-z0-9-]+=/.test(text)) return { network: text };
  const endpoint: WantedEndpoint = { network: "" };
  for (const field of text.split(",")) {
    const [key = ""] = field.split("=", 1);
    const value = field.slice(key.length + 1);
    if (value === "" && key !== "default-route") throw invalid(text, `'${field}' has no value`);
    if (key === "name" || key === "network") endpoint.network = value;
    else if (key === "ip") endpoint.ip = value;
    else if (key === "ip6") endpoint.ip6 = value.replace(/^\[(.*)\]$/, "$1");
    else if (key === "mac-address" || key === "mac") endpoint.mac = value;
    else if (key === "alias") endpoint.aliases = [...(endpoint.aliases ?? []), value];
    else if (key === "default-route") endpoint.defaultRoute = value === "" || value === "true" || value === "1";
    else if (key === "gw-priority") endpoint.priority = parsePriority(value);
    else {
      const [why, remedy] = REFUSED_FIELDS[key] ?? [
        "one of name, ip, ip6, mac-address, alias, gw-priority, default-route wanted",
        LONG_FORM_EXAMPLE,
      ];
      throw new UsageError(`Cannot take '${key}' in --network '${text}': ${why}`, remedy);
    }
  }
  if (endpoint.network === "") throw invalid(text, "it does not say which, name=NETWORK wanted");
  return endpoint;
}

/** Parse docker's gw-priority. @throws {UsageError} */
export function parsePriority(text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot read gw-priority '${text}': a whole number wanted`, "--network name=lab,gw-priority=1");
}

/** Decide who has the default route: docker's highest priority above 0, unless one was named. */
export function toEndpoints(wanted: WantedEndpoint[]): EndpointSpec[] {
  const highest = Math.max(0, ...wanted.map(({ priority = 0 }) => priority));
  const chosen = highest > 0 ? wanted.findIndex(({ priority }) => priority === highest) : -1;
  return wanted.map(({ priority: _priority, ...endpoint }, index) =>
    index === chosen ? { ...endpoint, defaultRoute: true } : endpoint,
  );
}

function invalid(text: string, why: string): UsageError {
  return new UsageError(`Cannot read --network '${text}': ${why}`, LONG_FORM_EXAMPLE);
}
