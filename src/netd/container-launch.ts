/**
 * From a container to what the planner and the runtime must know to launch it.
 *
 * @module
 */
import { release } from "node:os";
import type { ExecSpec } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import type { ExecParams, OciConfig, StartParams } from "../runtime/index.ts";
import { type Container, netnsPath } from "./container.ts";
import { planContainerConfig, planExecProcess } from "./container-config.ts";
import { cgroupOf, type ResourceFacts } from "./container-resources.ts";
import { cgroupParent, type DaemonContext } from "./context.ts";
import { findDeviceNumbers } from "./device-numbers.ts";
import { hasOwnNamespace, parseNetworkMode } from "./endpoint/network-mode.ts";
import { listHostDevices } from "./host-devices.ts";
import { readIdRanges } from "./id-ranges.ts";
import { readAccountFiles } from "./image-accounts.ts";
import { planProcessConfig } from "./process-config.ts";
import { describeMachine } from "./seccomp/machine.ts";
import type { ContainerRow } from "./state-store.ts";
import { type ResolvedDevices, resolveDevices } from "./storage/devices.ts";
import { planFilledVolumes } from "./storage/plan-mounts.ts";
import { type AccountFiles, addGroups, resolveUser } from "./user.ts";

/** How much of a container's output is kept unless it says otherwise: 100 MB, as by docker's driver `local`. */
const LOG_MAX_BYTES = 20_000_000;
const LOG_MAX_FILES = 5;

/** What the runtime must know to start a container. @throws {NetdError} USER_UNKNOWN, DEVICE_MISSING */
export function startParams(context: DaemonContext, container: Container): StartParams {
  const { row, paths } = container;
  const devices = resolveDevices(row.spec.devices ?? []);
  return {
    containerId: row.id,
    config: containerConfig(context, container, devices),
    overlay: { lower: context.images.layersOf(row.image.id), upper: paths.upper, work: paths.work },
    filledVolumes: planFilledVolumes(row.spec.mounts ?? [], context.volumes),
    ...(row.spec.init === true ? { init: true } : {}),
    stdin: row.spec.stdin ?? false,
    streamDir: paths.streams,
    ...logParams(container),
  };
}

/** Where a container's output goes, and how much of it is kept. */
function logParams({ row, paths }: Container): Pick<StartParams, "logFile" | "logLimits" | "logLoss"> {
  const { driver, maxBytes = LOG_MAX_BYTES, maxFiles = LOG_MAX_FILES } = row.spec.log ?? {};
  if (driver === "none") return {};
  return {
    logFile: paths.log,
    ...(maxBytes === 0 ? {} : { logLimits: { maxBytes, maxFiles } }),
    ...(row.logLoss && { logLoss: row.logLoss }),
  };
}

/** The path of a container's cgroup below the root of each hierarchy. */
export function containerCgroup({ instance }: DaemonContext, { spec, id }: ContainerRow): string {
  return cgroupOf(spec, id, cgroupParent(instance));
}

/** What limits depend on besides the definition. */
export function resourceFacts({ session }: DaemonContext): ResourceFacts {
  return { hasSwapAccounting: session.cgroups.hasSwapAccounting, deviceNumbers: findDeviceNumbers };
}

/** Make the OCI configuration of a container, for its start. @throws {NetdError} USER_UNKNOWN */
function containerConfig(context: DaemonContext, container: Container, devices: ResolvedDevices): OciConfig {
  const { row, paths } = container;
  const { config } = row.image;
  const accounts = accountFiles(context, container);
  const netns = namespacePath(context, container);
  const planned = planContainerConfig(row.spec, {
    image: config,
    command: row.command,
    user: addGroups(resolveUser(row.spec.user ?? config.user, accounts), row.spec.groupAdd ?? [], accounts),
    hostname: row.hostname,
    files: paths,
    volumes: context.volumes,
    devices,
    rootfs: paths.rootfs,
    netnsPath: netns,
    cgroupsPath: containerCgroup(context, row),
    machine: describeMachine(process.arch, release()),
    ...(row.spec.privileged === true ? { hostDevices: listHostDevices() } : {}),
    resourceFacts: resourceFacts(context),
  });
  const pidPath = pidNamespacePath(context, container);
  return planProcessConfig(planned, row.spec, {
    ranges: readIdRanges(),
    hasOwnNetwork: netns !== undefined,
    ...(pidPath === undefined ? {} : { pidPath }),
  });
}

/** The pid namespace of the container whose processes this one shall see. @throws {NetdError} CONTAINER_NOT_RUNNING */
function pidNamespacePath({ containers }: DaemonContext, { row }: Container): string | undefined {
  const { pid } = row.spec;
  if (pid === undefined || pid === "host") return undefined;
  const name = pid.slice("container:".length);
  const other = containers.byName(name)?.row ?? containers.byId(name)?.row;
  if (other?.pid !== undefined) return `/proc/${other.pid}/ns/pid`;
  const now = other === undefined ? "unknown" : `not running (${other.state})`;
  throw new NetdError(
    "CONTAINER_NOT_RUNNING",
    `Cannot start container '${row.name}': container '${name}' whose processes it shall see is ${now}, a running one wanted`,
    { remedy: `Start '${name}' first` },
  );
}

/** Where the network namespace of a container is pinned; `undefined`: it is the host's. @throws {NetdError} CONTAINER_NOT_RUNNING */
function namespacePath({ containers }: DaemonContext, { row }: Container): string | undefined {
  const mode = parseNetworkMode(row.network);
  if (mode.kind === "host") return undefined;
  if (mode.kind !== "container") return netnsPath(row.name);
  const other = containers.byId(mode.id)?.row;
  if (other?.state !== "running") {
    const now = other === undefined ? "gone" : `not running ('${other.name}' is ${other.state})`;
    throw new NetdError(
      "CONTAINER_NOT_RUNNING",
      `Cannot start container '${row.name}': the container whose network it joins is ${now}, a running one wanted`,
      { remedy: other === undefined ? "Create it anew with another --network" : `Start '${other.name}' first` },
    );
  }
  return hasOwnNamespace(other.network) ? netnsPath(other.name) : undefined;
}

/**
 * Make the configuration of another process in a container: the container's own, then what was asked for. It gets the same filter of
 * system calls.
 *
 * @throws {NetdError} USER_UNKNOWN
 */
export function execProcess(
  context: DaemonContext,
  container: Container,
  spec: ExecSpec,
): Pick<ExecParams, "process" | "seccomp"> {
  const { process, linux } = containerConfig(context, container, { nodes: [], rules: [] });
  const { spec: definition, image } = container.row;
  const user = resolveUser(spec.user ?? definition.user ?? image.config.user, accountFiles(context, container));
  return {
    process: planExecProcess(process, user, spec),
    ...(linux.seccomp === undefined ? {} : { seccomp: linux.seccomp }),
  };
}

/** Accounts as the container has them now: its own changes lie over the image. */
function accountFiles(context: DaemonContext, { row, paths }: Container): AccountFiles {
  return readAccountFiles([paths.upper, ...context.images.layersOf(row.image.id)]);
}
