/**
 * The commands that a person would type for what netd does to one container.
 *
 * @module
 */
import { type NetworkStep, stepsToShell } from "../kernel/index.ts";
import type { Container } from "./container.ts";
import { startParams } from "./container-launch.ts";
import type { DaemonContext } from "./context.ts";
import { planNetwork } from "./endpoint/container-network.ts";
import { parseNetworkMode } from "./endpoint/network-mode.ts";
import { firewallContainer } from "./firewall/firewall-rows.ts";
import { formatHostname } from "./names/container-files.ts";
import { formatContainerHosts, formatContainerResolvConf } from "./names/container-hosts.ts";
import { showNetwork } from "./network/default-network.ts";

/** Show everything from an empty host to the running container: network, files, namespace and veth, process. */
export async function showLaunch(context: DaemonContext, container: Container): Promise<string[]> {
  const { networks, runtime, uplink, instance } = context;
  const steps = planNetwork(context, container);
  const isShared = parseNetworkMode(container.row.network).kind === "container";
  const { paths, row } = container;
  const launch = await (await runtime.client()).call("show", startParams(context, container));
  return [
    ...container.endpoints.flatMap(({ row: { network } }) => [
      `# bridge, forwarding and NAT of network '${network}': there already when another container was`,
      ...showNetwork(networks.find(network), { instance, mtu: uplink.mtu, firewall: context.options.firewall }),
    ]),
    `# files of container '${row.name}'`,
    ...stepsToShell([
      ...[paths.upper, paths.work, paths.rootfs].map((path): NetworkStep => ({ op: "dir.make", path })),
      ...(isShared ? [] : generatedFiles(context, container)),
    ]),
    ...(container.endpoints.length === 0
      ? []
      : [
          "# its addresses, which nobody else may use",
          ...stepsToShell(context.firewall.preview(firewallContainer(networks, container))),
        ]),
    ...(steps.length === 0
      ? []
      : [
          `# its network namespace, ${container.endpoints.length === 0 ? "with nothing but lo" : "joined to the bridge by a veth pair"}`,
          ...stepsToShell(steps),
        ]),
    "# its process",
    ...launch.commands,
  ];
}

function generatedFiles(context: DaemonContext, container: Container): NetworkStep[] {
  const { paths, row } = container;
  return [
    { op: "file.write", path: paths.hostname, content: formatHostname(row.hostname) },
    { op: "file.write", path: paths.resolvConf, content: formatContainerResolvConf(context, container) },
    { op: "file.write", path: paths.hosts, content: formatContainerHosts(context, container) },
  ];
}

/** Show how a signal is sent by hand. */
export function showStop({ row }: Container, signal: number): string[] {
  return row.pid === undefined ? [] : [`kill -${signal} ${row.pid}`];
}
