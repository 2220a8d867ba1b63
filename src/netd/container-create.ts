/**
 * Creating containers: everything is checked, then the lease and the definition become durable in one transaction, then the files are made.
 *
 * @module
 */
import { hostname } from "node:os";
import type { ContainerSpec } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import type { Image } from "../image/index.ts";
import type { Lease } from "../ipam/index.ts";
import { faultPoint } from "../kernel/index.ts";
import { type Container, makeContainer } from "./container.ts";
import { containerPaths, createContainerDir, deleteContainerDir } from "./container-dir.ts";
import { checkContainerName, makeContainerId, makeContainerName } from "./container-name.ts";
import { checkContainerSpec } from "./container-spec.ts";
import type { DaemonContext } from "./context.ts";
import { type AllocateEndpointOptions, allocateEndpoint } from "./endpoint/endpoint-leases.ts";
import type { ContainerEndpoint } from "./endpoint/endpoint-row.ts";
import { parseNetworkMode } from "./endpoint/network-mode.ts";
import { resolveNetworks } from "./endpoint/network-spec.ts";
import { readAccountFiles } from "./image-accounts.ts";
import { withCollection } from "./lease/collect-leases.ts";
import { isShared as isNetworkShared, type ProbedAddresses, probeEndpoints } from "./lease/probed-addresses.ts";
import { resolvePorts } from "./publish/resolve-ports.ts";
import type { ContainerRow } from "./state-store.ts";
import { resolveMounts } from "./storage/resolve-mounts.ts";
import type { VolumeRow } from "./storage/volume-store.ts";
import { addGroups, resolveUser } from "./user.ts";

/** How many digits of the id a host name has when none was asked for: docker's. */
const HOSTNAME_DIGITS = 12;

/**
 * Create a container: definition, lease, directory and files; nothing in the kernel yet.
 *
 * @throws {NetdError} for anything that is wrong with the spec, and then nothing has changed
 */
export async function createContainer(context: DaemonContext, spec: ContainerSpec): Promise<Container> {
  const planned = planContainer(context, spec);
  const isShared = planned.endpoints.some(({ network }) => isNetworkShared(context.networks.find(network)));
  using probed = isShared ? await probeEndpoints(context, planned.name, planned.endpoints) : undefined;
  // While strangers were asked, somebody may have made one of that name.
  const row = isShared ? planContainer(context, { ...spec, name: planned.name }) : planned;
  const container = await withCollection(context, () => addDefinition(context, row, probed));
  context.events.emit({ type: "container.created", container: row.name });
  return container;
}

/**
 * Work out what {@link createContainer} would make, and forget it again.
 *
 * @throws {NetdError} what creating would throw
 */
export function previewContainer(context: DaemonContext, spec: ContainerSpec): Container {
  const row = planContainer(context, spec);
  const taken: Lease[] = [];
  try {
    const endpoints = context.store.preview(() => allocateEndpoints(context, row, { taken }));
    return makeContainer(row, endpoints, containerPaths(context.options, row));
  } finally {
    for (const lease of taken) context.ipam.abandon(lease);
  }
}

/** Take a container's definition and lease away, in one transaction. @throws {NetdError} STATE_WRITE_FAILED, and both are still there */
export function removeDefinition(context: DaemonContext, container: Container): void {
  const { store, ipam, containers } = context;
  try {
    store.transactLightly(container.row.name, () => {
      store.deleteContainer(container.row.id);
      ipam.release(container.row.id);
    });
  } catch (error) {
    ipam.readmit(
      container.endpoints.flatMap(({ lease, lease6 }) => [lease, lease6].filter((held) => held !== undefined)),
    );
    throw error;
  }
  containers.delete(container);
}

/** Find an image. @throws {NetdError} IMAGE_UNKNOWN */
function findImage(context: DaemonContext, name: string): Image {
  const image = context.images.get(name);
  if (image !== undefined) return image;
  throw new NetdError("IMAGE_UNKNOWN", `Cannot find image '${name}': there is none of that name`, {
    remedy: "See the images with 'netctl images', or import one with 'netctl image import NAME FILE'",
  });
}

function planContainer(context: DaemonContext, spec: ContainerSpec): ContainerRow {
  checkContainerSpec(spec);
  const { containers, networks } = context;
  const name =
    spec.name === undefined ? makeContainerName((taken) => containers.hasName(taken)) : checkContainerName(spec.name);
  const holder = containers.byName(name);
  if (holder !== undefined) {
    throw new NetdError(
      "CONTAINER_NAME_TAKEN",
      `Cannot create container '${name}': container ${holder.row.id.slice(0, 12)} has that name`,
      {
        remedy: `Remove it with 'netctl rm ${name}', or choose another name`,
      },
    );
  }
  const { network, endpoints } = resolveNetworks(spec, { networks, findContainer: (known) => containers.find(known) });
  const image = findImage(context, spec.image);
  const accounts = readAccountFiles(image.layers);
  addGroups(resolveUser(spec.user ?? image.config.user, accounts), spec.groupAdd ?? [], accounts);
  const command = spec.command !== undefined && spec.command.length > 0 ? spec.command : [...image.config.cmd];
  if (command.length === 0) {
    throw new NetdError(
      "API_REQUEST_INVALID",
      `Cannot create a container from image '${spec.image}': no command specified, one wanted`,
      {
        remedy: "Give a command after the image, or import the image with '--change CMD=...'",
      },
    );
  }
  const { volumesFrom: _volumesFrom, ...definition } = spec;
  const exposedPorts = [...new Set([...(image.config.exposedPorts ?? []), ...(spec.exposedPorts ?? [])])];
  const mounts = resolveMounts(spec, {
    imageVolumes: image.config.volumes ?? [],
    mountsOf: (reference) => containers.find(reference).row.spec.mounts ?? [],
  });
  const id = makeContainerId();
  return {
    id,
    name,
    spec: {
      ...definition,
      name,
      ...(mounts.length === 0 ? {} : { mounts }),
      ...(exposedPorts.length === 0 ? {} : { exposedPorts }),
    },
    hostname:
      spec.hostname ??
      (spec.uts === "host" ? hostname() : hostnameFor(context, network)) ??
      id.slice(0, HOSTNAME_DIGITS),
    image: { id: image.id, config: image.config },
    command,
    network,
    endpoints,
    ports: resolvePorts(context, { id, name, network, endpoints }, { wanted: spec.ports ?? [], has: [] }),
    createdAt: context.now().toISOString(),
    state: "created",
  };
}

/** Write definition, lease and directory; the directory first, inside the transaction, so that a full disk leaves none. */
function addDefinition(context: DaemonContext, row: ContainerRow, probed?: ProbedAddresses): Container {
  const paths = containerPaths(context.options, row);
  const volumes = newVolumes(context, row);
  const taken: Lease[] = [];
  try {
    const container = context.store.transact(row.name, () => {
      const endpoints = allocateEndpoints(context, row, { taken, probed });
      context.store.insertContainer(row);
      for (const volume of volumes) context.volumes.insert(volume);
      const made = makeContainer(row, endpoints, paths);
      createContainerDir(paths);
      faultPoint("create:directory");
      return made;
    });
    faultPoint("create:committed");
    context.containers.add(container);
    for (const volume of volumes) context.volumes.admit(volume);
    return container;
  } catch (error) {
    for (const lease of taken) context.ipam.abandon(lease);
    deleteContainerDir(paths);
    throw error;
  }
}

/** The host name that comes with a network: the host's own, or that of the container which has the network. */
function hostnameFor({ containers }: DaemonContext, network: string): string | undefined {
  const mode = parseNetworkMode(network);
  if (mode.kind === "host") return hostname();
  return mode.kind === "container" ? containers.byId(mode.id)?.row.hostname : undefined;
}

/** The volumes that come into being with a container. */
function newVolumes({ volumes }: DaemonContext, { spec, createdAt }: ContainerRow): VolumeRow[] {
  return (spec.mounts ?? []).flatMap(({ type, source, anonymous }) =>
    type !== "volume" || source === undefined || volumes.get(source) !== undefined
      ? []
      : [{ name: source, createdAt, labels: {}, isAnonymous: anonymous === true }],
  );
}

/** Take the addresses of a container; `taken` tells which, even when one of them can't be had. */
function allocateEndpoints(
  context: DaemonContext,
  row: ContainerRow,
  options: AllocateEndpointOptions,
): ContainerEndpoint[] {
  return row.endpoints.map((endpoint) => allocateEndpoint(context, row, endpoint, options));
}
