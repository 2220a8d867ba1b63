/**
 * The commands that a person would type for what netd does to one container.
 *
 * @module
 */
import { fileToShell, stepsToShell } from "../kernel/index.ts";
import type { Container } from "./container.ts";
import { formatContainerHosts } from "./container-create.ts";
import { formatHostname, formatResolvConf } from "./container-files.ts";
import type { ContainerLifecycle } from "./container-lifecycle.ts";
import type { DaemonContext } from "./context.ts";
import { showNetwork } from "./default-network.ts";
import { planAttach } from "./endpoint-plan.ts";

/** Show everything from an empty host to the running container: network, files, namespace and veth, process. */
export async function showLaunch(
  context: DaemonContext,
  lifecycle: ContainerLifecycle,
  container: Container,
): Promise<string[]> {
  const { network, runtime } = context;
  const { paths, row } = container;
  const launch = await (await runtime.client()).call("show", lifecycle.startParams(container));
  return [
    `# bridge, forwarding and NAT of network '${network.name}': there already when another container was`,
    ...showNetwork(network, context),
    `# files of container '${row.name}'`,
    `mkdir -p ${[paths.upper, paths.work, paths.rootfs].join(" ")}`,
    ...fileToShell(paths.hostname, formatHostname(row.hostname)),
    ...fileToShell(paths.resolvConf, formatResolvConf(network.gateway)),
    ...fileToShell(paths.hosts, formatContainerHosts(context, container)),
    "# its network namespace, joined to the bridge by a veth pair",
    ...stepsToShell(planAttach(lifecycle.endpoint(container))),
    "# its process",
    ...launch.commands,
  ];
}

/** Show how a signal is sent by hand. */
export function showStop({ row }: Container, signal: number): string[] {
  return row.pid === undefined ? [] : [`kill -${signal} ${row.pid}`];
}
