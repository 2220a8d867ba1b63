/**
 * The commands that a person would type for what netd does to one container.
 *
 * @module
 */
import { type NetworkStep, stepsToShell } from "../kernel/index.ts";
import type { Container } from "./container.ts";
import { formatHostname, formatResolvConf } from "./container-files.ts";
import { formatContainerHosts } from "./container-hosts.ts";
import { endpointInput, startParams } from "./container-launch.ts";
import type { DaemonContext } from "./context.ts";
import { showNetwork } from "./default-network.ts";
import { planAttach } from "./endpoint-plan.ts";

/** Show everything from an empty host to the running container: network, files, namespace and veth, process. */
export async function showLaunch(context: DaemonContext, container: Container): Promise<string[]> {
  const { network, runtime } = context;
  const { paths, row } = container;
  const launch = await (await runtime.client()).call("show", startParams(context, container));
  return [
    `# bridge, forwarding and NAT of network '${network.name}': there already when another container was`,
    ...showNetwork(network, context),
    `# files of container '${row.name}'`,
    ...stepsToShell([
      ...[paths.upper, paths.work, paths.rootfs].map((path): NetworkStep => ({ op: "dir.make", path })),
      { op: "file.write", path: paths.hostname, content: formatHostname(row.hostname) },
      { op: "file.write", path: paths.resolvConf, content: formatResolvConf(network.gateway) },
      { op: "file.write", path: paths.hosts, content: formatContainerHosts(context, container) },
    ]),
    "# its network namespace, joined to the bridge by a veth pair",
    ...stepsToShell(planAttach(endpointInput(context, container))),
    "# its process",
    ...launch.commands,
  ];
}

/** Show how a signal is sent by hand. */
export function showStop({ row }: Container, signal: number): string[] {
  return row.pid === undefined ? [] : [`kill -${signal} ${row.pid}`];
}
