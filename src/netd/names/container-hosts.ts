/**
 * The generated files of a container, from the membership of the moment.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { Container } from "../container.ts";
import { guardWrites } from "../container-dir.ts";
import type { DaemonContext } from "../context.ts";
import { parseNetworkMode } from "../endpoint/network-mode.ts";
import {
  formatHostHosts,
  formatHostname,
  formatHostResolvConf,
  formatHosts,
  formatResolvConf,
} from "./container-files.ts";
import { rewriteInPlace } from "./hosts-writer.ts";

/** Write the three generated files in place, made when missing: at each start. @throws {NetdError} STATE_WRITE_FAILED */
export function writeGeneratedFiles(context: DaemonContext, container: Container): void {
  const { row, paths } = container;
  // They are those of another container.
  if (parseNetworkMode(row.network).kind === "container") return;
  guardWrites(paths, () => {
    rewriteInPlace(paths.hostname, formatHostname(row.hostname));
    rewriteInPlace(paths.resolvConf, formatContainerResolvConf(context, container));
    rewriteInPlace(paths.hosts, formatContainerHosts(context, container));
  });
}

/** Format the hosts file of a container from the membership of this moment. */
export function formatContainerHosts(context: DaemonContext, { row, endpoints }: Container): string {
  const extraHosts = row.spec.extraHosts ?? [];
  if (row.network === "host") return formatHostHosts(readOfHost("/etc/hosts"), extraHosts);
  const networks = new Set(endpoints.map(({ row: { network } }) => network));
  const members = [...context.containers].flatMap((other) =>
    other.row.state !== "running"
      ? []
      : other.endpoints.flatMap(({ lease }) =>
          lease !== undefined && networks.has(lease.network) ? [{ name: other.row.name, address: lease.address }] : [],
        ),
  );
  return formatHosts({
    hostname: row.hostname,
    domainname: row.spec.domainname,
    name: row.name,
    address: endpoints[0]?.lease?.address,
    extraHosts,
    members,
  });
}

/** Format the resolv.conf of a container: netd-dns answers in a network only. */
export function formatContainerResolvConf({ networks }: DaemonContext, { row, endpoints }: Container): string {
  const gateway = endpoints.map(({ row: { network } }) => networks.find(network).gateway).find(Boolean);
  if (gateway !== undefined) return formatResolvConf(gateway);
  return formatHostResolvConf(readOfHost("/etc/resolv.conf"), row.spec.dns);
}

/** Read a file that a host may lack. */
function readOfHost(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Rewrite the hosts file of each running container. Goes on after each failure, and logs them. */
export function rewriteAllHosts(context: DaemonContext): void {
  for (const container of context.containers) {
    if (container.row.state !== "running" || container.endpoints.length === 0) continue;
    try {
      rewriteInPlace(container.paths.hosts, formatContainerHosts(context, container));
    } catch (error) {
      context.logger.error({ err: error, container: container.row.name }, "cannot rewrite a hosts file");
    }
  }
}
