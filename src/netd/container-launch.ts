/**
 * From a container to what the planner and the runtime must know to launch it.
 *
 * @module
 */
import type { ExecSpec } from "../api/index.ts";
import type { OciConfig, OciProcess, StartParams } from "../runtime/index.ts";
import { type Container, netnsPath } from "./container.ts";
import { planContainerConfig, planExecProcess } from "./container-config.ts";
import { cgroupParent, type DaemonContext } from "./context.ts";
import type { EndpointPlanInput } from "./endpoint-plan.ts";
import { readAccountFiles } from "./image-accounts.ts";
import { type AccountFiles, resolveUser } from "./user.ts";

/** What the runtime must know to start a container. @throws {NetdError} USER_UNKNOWN */
export function startParams(context: DaemonContext, container: Container): StartParams {
  const { row, paths } = container;
  return {
    containerId: row.id,
    config: containerConfig(context, container),
    overlay: { lower: context.images.layersOf(row.image.id), upper: paths.upper, work: paths.work },
    stdin: row.spec.stdin ?? false,
    streamDir: paths.streams,
    logFile: paths.log,
  };
}

/** What the plan of a container's network must know. */
export function endpointInput(context: DaemonContext, { row, lease, hostInterface }: Container): EndpointPlanInput {
  const { network, mtu, instance } = context;
  return {
    containerId: row.id,
    netns: row.name,
    hostInterface,
    bridge: network.bridge,
    subnet: network.subnet,
    gateway: network.gateway,
    address: lease.address,
    mac: lease.mac,
    mtu,
    instance,
  };
}

/** Make the OCI configuration of a container, for its start. @throws {NetdError} USER_UNKNOWN */
function containerConfig(context: DaemonContext, container: Container): OciConfig {
  const { row, paths } = container;
  const { config } = row.image;
  return planContainerConfig(row.spec, {
    image: config,
    command: row.command,
    user: resolveUser(row.spec.user ?? config.user, accountFiles(context, container)),
    hostname: row.hostname,
    files: paths,
    rootfs: paths.rootfs,
    netnsPath: netnsPath(row.name),
    cgroupsPath: `${cgroupParent(context.instance)}/${row.id}`,
    hasSwapAccounting: context.session.cgroups.hasSwapAccounting,
  });
}

/** Make the configuration of another process in a container: the container's own, then what was asked for. @throws {NetdError} USER_UNKNOWN */
export function execProcess(context: DaemonContext, container: Container, spec: ExecSpec): OciProcess {
  const { process } = containerConfig(context, container);
  const { spec: definition, image } = container.row;
  const user = resolveUser(spec.user ?? definition.user ?? image.config.user, accountFiles(context, container));
  return planExecProcess(process, user, spec);
}

/** Accounts as the container has them now: its own changes lie over the image. */
function accountFiles(context: DaemonContext, { row, paths }: Container): AccountFiles {
  return readAccountFiles([paths.upper, ...context.images.layersOf(row.image.id)]);
}
