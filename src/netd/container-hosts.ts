/**
 * The generated files of a container, from the membership of the moment.
 *
 * @module
 */
import type { Container } from "./container.ts";
import { guardWrites } from "./container-dir.ts";
import { formatHostname, formatHosts, formatResolvConf } from "./container-files.ts";
import type { DaemonContext } from "./context.ts";
import { rewriteInPlace } from "./hosts-writer.ts";

/** Write the three generated files in place, made when missing: at each start. @throws {NetdError} STATE_WRITE_FAILED */
export function writeGeneratedFiles(context: DaemonContext, container: Container): void {
  const { row, paths } = container;
  guardWrites(paths, () => {
    rewriteInPlace(paths.hostname, formatHostname(row.hostname));
    rewriteInPlace(paths.resolvConf, formatResolvConf(context.network.gateway));
    rewriteInPlace(paths.hosts, formatContainerHosts(context, container));
  });
}

/** Format the hosts file of a container from the membership of this moment. */
export function formatContainerHosts(context: DaemonContext, { row, lease }: Container): string {
  const members = [...context.containers].filter(
    (other) => other.row.state === "running" && other.row.network === row.network,
  );
  return formatHosts({
    hostname: row.hostname,
    name: row.name,
    address: lease.address,
    extraHosts: row.spec.extraHosts ?? [],
    members: members.map((member) => ({ name: member.row.name, address: member.lease.address })),
  });
}

/** Rewrite the hosts file of each running container. Goes on after each failure, and logs them. */
export function rewriteAllHosts(context: DaemonContext): void {
  for (const container of context.containers) {
    if (container.row.state !== "running") continue;
    try {
      rewriteInPlace(container.paths.hosts, formatContainerHosts(context, container));
    } catch (error) {
      context.logger.error({ err: error, container: container.row.name }, "cannot rewrite a hosts file");
    }
  }
}
