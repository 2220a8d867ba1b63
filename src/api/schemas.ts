/**
 * Schemas of everything that crosses the API, and the types made from them.
 *
 * @module
 */
import { type Static, Type } from "typebox";
import { HealthCheck, HealthInfo } from "./health-schema.ts";
import { limitProperties } from "./limits-schema.ts";
import { EndpointSpec } from "./network-schema.ts";
import { EgressPolicy, ExposedPort, PortMapping, Rate } from "./port-schema.ts";
import { processFields } from "./process-schema.ts";
import { RestartPolicy } from "./restart-schema.ts";

const options = { additionalProperties: false };

/** Names of containers, networks and images' parts: also file and namespace names, so kept this narrow. */
export const NAME_PATTERN = "^[a-z0-9][a-z0-9_.-]{0,62}$";

/** Names of volumes: docker's. */
export const VOLUME_NAME_PATTERN = "^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$";

export const MountPropagationName = Type.Union([
  Type.Literal("private"),
  Type.Literal("rprivate"),
  Type.Literal("slave"),
  Type.Literal("rslave"),
  Type.Literal("shared"),
  Type.Literal("rshared"),
]);

export const MountSpec = Type.Object(
  {
    type: Type.Optional(Type.Union([Type.Literal("bind"), Type.Literal("volume"), Type.Literal("tmpfs")])),
    source: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description: "of a bind, a path of the host; of a volume, its name: without one it is anonymous",
      }),
    ),
    target: Type.String({ minLength: 1, maxLength: 4096, pattern: "^/" }),
    readOnly: Type.Boolean(),
    propagation: Type.Optional(MountPropagationName),
    /** Of a bind: leave out the mounts below its source. */
    nonRecursive: Type.Optional(Type.Boolean()),
    /** Of a bind: make the source, a directory, when it is missing. */
    createSource: Type.Optional(Type.Boolean()),
    /** Of a volume: leave it empty, whatever the image has there. */
    noCopy: Type.Optional(Type.Boolean()),
    /** Of a volume: netd gave it its name, and it goes with the container that it was made for. */
    anonymous: Type.Optional(Type.Boolean()),
    /** Of a tmpfs: options as of mount(8), such as `size=64m`, `exec`. */
    options: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 32 })),
  },
  options,
);
export type MountSpec = Static<typeof MountSpec>;

/** How the output of a container is kept. Both drivers that keep it do so in files of the CRI format. */
export const LogSpec = Type.Object(
  {
    driver: Type.Optional(Type.Union([Type.Literal("local"), Type.Literal("json-file"), Type.Literal("none")])),
    maxBytes: Type.Optional(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "of one file; 0: no limit" }),
    ),
    maxFiles: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  },
  options,
);
export type LogSpec = Static<typeof LogSpec>;
/** A device of the host, or a directory of devices. */
export const DeviceSpec = Type.Object(
  {
    source: Type.String({ minLength: 1, maxLength: 4096, pattern: "^/" }),
    target: Type.String({ minLength: 1, maxLength: 4096, pattern: "^/" }),
    access: Type.String({ pattern: "^[rwm]{1,3}$", description: "read, write, mknod" }),
  },
  options,
);
export type DeviceSpec = Static<typeof DeviceSpec>;

/** What the body of `POST /v1/containers` holds. Only `image` must be given. */
export const ContainerSpec = Type.Object(
  {
    image: Type.String({ minLength: 1, maxLength: 255 }),
    name: Type.Optional(Type.String({ maxLength: 255 })),
    command: Type.Optional(Type.Array(Type.String({ maxLength: 131072 }), { maxItems: 4096 })),
    env: Type.Optional(Type.Array(Type.String({ maxLength: 131072 }), { maxItems: 4096 })),
    workdir: Type.Optional(Type.String({ maxLength: 4096 })),
    user: Type.Optional(Type.String({ maxLength: 255 })),
    hostname: Type.Optional(Type.String({ maxLength: 253 })),
    domainname: Type.Optional(Type.String({ maxLength: 253 })),
    network: Type.Optional(
      Type.String({ maxLength: 255, description: "name of a network, none, host, or container:NAME" }),
    ),
    ip: Type.Optional(Type.String({ maxLength: 64 })),
    ip6: Type.Optional(Type.String({ maxLength: 64 })),
    mac: Type.Optional(Type.String({ maxLength: 64 })),
    aliases: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 64 })),
    networks: Type.Optional(
      Type.Array(EndpointSpec, { maxItems: 32, description: "further networks, as eth1, eth2 …" }),
    ),
    ports: Type.Optional(Type.Array(PortMapping, { maxItems: 1024, description: "published on the host" })),
    exposedPorts: Type.Optional(
      Type.Array(ExposedPort, { maxItems: 1024, description: "told by ps, and published by run -P" }),
    ),
    egress: Type.Optional(EgressPolicy),
    rateInBps: Type.Optional(Rate),
    rateOutBps: Type.Optional(Rate),
    mounts: Type.Optional(Type.Array(MountSpec, { maxItems: 256 })),
    volumesFrom: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 64 })),
    devices: Type.Optional(Type.Array(DeviceSpec, { maxItems: 256 })),
    shmSizeBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    ...limitProperties,
    capAdd: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 })),
    capDrop: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 })),
    noNewPrivileges: Type.Optional(Type.Boolean()),
    seccomp: Type.Optional(
      Type.String({
        maxLength: 524_288,
        description: "text of a seccomp profile, or 'unconfined'; absent: docker's default",
      }),
    ),
    systemPaths: Type.Optional(
      Type.Literal("unconfined", { description: "hide and protect nothing below /proc and /sys" }),
    ),
    privileged: Type.Optional(
      Type.Boolean({ description: "all capabilities, all devices, nothing hidden, no seccomp" }),
    ),
    readOnly: Type.Optional(Type.Boolean()),
    dns: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 16 })),
    extraHosts: Type.Optional(
      Type.Array(
        Type.Object({ name: Type.String({ maxLength: 253 }), address: Type.String({ maxLength: 64 }) }, options),
        {
          maxItems: 256,
        },
      ),
    ),
    labels: Type.Optional(Type.Record(Type.String({ maxLength: 255 }), Type.String({ maxLength: 4096 }))),
    tty: Type.Optional(Type.Boolean()),
    stdin: Type.Optional(Type.Boolean()),
    autoRemove: Type.Optional(Type.Boolean()),
    restart: Type.Optional(RestartPolicy),
    health: Type.Optional(HealthCheck),
    stopSignal: Type.Optional(Type.String({ maxLength: 32 })),
    stopTimeoutSeconds: Type.Optional(
      Type.Integer({ minimum: -1, maximum: 86_400, description: "-1: SIGKILL is never sent" }),
    ),
    log: Type.Optional(LogSpec),
    ...processFields,
  },
  options,
);
export type ContainerSpec = Static<typeof ContainerSpec>;

export const ContainerState = Type.Union([
  Type.Literal("created"),
  Type.Literal("running"),
  Type.Literal("paused"),
  Type.Literal("restarting"),
  Type.Literal("exited"),
]);
export type ContainerState = Static<typeof ContainerState>;

/** A container's place in one network. */
export const Endpoint = Type.Object({
  network: Type.String(),
  interface: Type.Optional(Type.String({ description: "inside the container: eth0" })),
  address: Type.String({ description: "IPv4; IPv6 in a network that has no other" }),
  prefixLength: Type.Integer(),
  gateway: Type.Optional(Type.String()),
  address6: Type.Optional(Type.String()),
  prefixLength6: Type.Optional(Type.Integer()),
  gateway6: Type.Optional(Type.String()),
  mac: Type.String(),
  aliases: Type.Optional(Type.Array(Type.String())),
  defaultRoute: Type.Optional(Type.Boolean()),
  hostInterface: Type.String(),
  netns: Type.String(),
});
export type Endpoint = Static<typeof Endpoint>;

/** How the process came to life: see the fork server. */
export const LaunchCounters = Type.Object({
  forks: Type.Integer({ description: "forks that this launch took; 1 unless a garbage collection came in between" }),
  slow: Type.Boolean({ description: "true when a fresh node had to walk the steps" }),
});
export type LaunchCounters = Static<typeof LaunchCounters>;

/** A further process in a container, as long as it runs. */
export const ExecInfo = Type.Object({
  id: Type.String(),
  pid: Type.Integer(),
  command: Type.Array(Type.String()),
  isTerminal: Type.Boolean(),
  isDetached: Type.Boolean(),
  startedAt: Type.String(),
});
export type ExecInfo = Static<typeof ExecInfo>;

/** Output that a log had no room for. */
export const LogLoss = Type.Object({ bytes: Type.Integer(), lines: Type.Integer() });
export type LogLoss = Static<typeof LogLoss>;

export const ContainerInfo = Type.Object({
  id: Type.String(),
  name: Type.String(),
  image: Type.String(),
  command: Type.Array(Type.String()),
  state: ContainerState,
  pid: Type.Optional(Type.Integer()),
  exitCode: Type.Optional(Type.Integer()),
  oomKilled: Type.Optional(Type.Boolean({ description: "the kernel killed one of its processes for want of memory" })),
  error: Type.Optional(Type.String()),
  createdAt: Type.String({ description: "ISO 8601" }),
  startedAt: Type.Optional(Type.String()),
  finishedAt: Type.Optional(Type.String()),
  isStoppedByUser: Type.Optional(
    Type.Boolean({ description: "a user asked for its end; no restart policy undoes it" }),
  ),
  health: Type.Optional(HealthInfo),
  restartCount: Type.Integer({ description: "restarts by netd since a user started it" }),
  hostname: Type.String(),
  networkMode: Type.String({ description: "name of its network, none, host, or container:ID" }),
  endpoint: Type.Optional(Endpoint),
  endpoints: Type.Optional(Type.Array(Endpoint, { description: "all of them, that of eth0 first" })),
  ports: Type.Optional(Type.Array(PortMapping, { description: "published, with the ports that were picked" })),
  labels: Type.Record(Type.String(), Type.String()),
  spec: ContainerSpec,
  launch: Type.Optional(LaunchCounters),
  execs: Type.Optional(Type.Array(ExecInfo, { description: "told when one container is asked for, and it runs" })),
  logLoss: Type.Optional(LogLoss),
  files: Type.Object({ hosts: Type.String(), hostname: Type.String(), resolvConf: Type.String(), log: Type.String() }),
});
export type ContainerInfo = Static<typeof ContainerInfo>;

/** One row of `netctl ls`. */
export const LeaseInfo = Type.Object({
  address: Type.String(),
  mac: Type.String(),
  container: Type.String({ description: "name of the owner" }),
  containerId: Type.String({ description: "empty when the address is only reserved" }),
  network: Type.String(),
  hostInterface: Type.String(),
  state: Type.Union([ContainerState, Type.Literal("gone"), Type.Literal("reserved")], {
    description: "of the owner; gone: there is no such container, or it is not in the network",
  }),
  since: Type.String({ description: "ISO 8601" }),
  interface: Type.Optional(Type.String()),
  source: Type.Optional(
    Type.Union([Type.Literal("pool"), Type.Literal("static"), Type.Literal("reservation"), Type.Literal("import")], {
      description: "how the address was chosen",
    }),
  ),
  bootId: Type.Optional(Type.String({ description: "boot of the host in which it was given" })),
  reserved: Type.Optional(Type.Boolean({ description: "kept for a container of that name, also without it" })),
});
export type LeaseInfo = Static<typeof LeaseInfo>;

export const ImageInfo = Type.Object({
  name: Type.String(),
  id: Type.String({ description: "sha256:… of the unpacked archive" }),
  createdAt: Type.String(),
  sizeBytes: Type.Integer(),
  exposedPorts: Type.Optional(Type.Array(ExposedPort, { description: "that it says its programs listen on" })),
});
export type ImageInfo = Static<typeof ImageInfo>;

export const DaemonInfo = Type.Object({
  version: Type.String(),
  pid: Type.Integer(),
  instance: Type.String({ description: "ownership tag of everything this daemon made" }),
  runDir: Type.String(),
  stateDir: Type.String(),
  runtime: Type.Object({
    pid: Type.Optional(Type.Integer()),
    forks: Type.Integer(),
    secondForks: Type.Integer(),
    slowStarts: Type.Integer(),
  }),
  dns: Type.Object({ pid: Type.Optional(Type.Integer()) }),
  containers: Type.Object({ running: Type.Integer(), total: Type.Integer() }),
});
export type DaemonInfo = Static<typeof DaemonInfo>;

/** A file of a container. */
export const FileInfo = Type.Object({
  name: Type.String(),
  type: Type.Union([Type.Literal("file"), Type.Literal("directory"), Type.Literal("symlink"), Type.Literal("other")]),
  sizeBytes: Type.Integer(),
  mode: Type.Integer({ description: "permission bits" }),
  modifiedAt: Type.String({ description: "ISO 8601" }),
  linkTarget: Type.Optional(Type.String()),
});
export type FileInfo = Static<typeof FileInfo>;

/** One row of `netctl diff`. */
export const ChangeInfo = Type.Object({
  kind: Type.Union([Type.Literal("A"), Type.Literal("C"), Type.Literal("D")]),
  path: Type.String(),
});
export type ChangeInfo = Static<typeof ChangeInfo>;

/** What the body of `POST /v1/volumes` holds. */
export const VolumeSpec = Type.Object(
  {
    name: Type.Optional(Type.String({ pattern: VOLUME_NAME_PATTERN })),
    labels: Type.Optional(Type.Record(Type.String({ maxLength: 255 }), Type.String({ maxLength: 4096 }))),
  },
  options,
);
export type VolumeSpec = Static<typeof VolumeSpec>;

export const VolumeInfo = Type.Object({
  name: Type.String(),
  driver: Type.Literal("local"),
  scope: Type.Literal("local"),
  mountpoint: Type.String({ description: "directory on the host" }),
  createdAt: Type.String({ description: "ISO 8601" }),
  labels: Type.Record(Type.String(), Type.String()),
  anonymous: Type.Boolean({ description: "made for one container, without a name" }),
  containers: Type.Array(Type.String(), { description: "names of the containers that have it, running or not" }),
});
export type VolumeInfo = Static<typeof VolumeInfo>;

export const PrunedVolumes = Type.Object({ volumes: Type.Array(Type.String()), reclaimedBytes: Type.Integer() });
export type PrunedVolumes = Static<typeof PrunedVolumes>;

export const ErrorBody = Type.Object({
  code: Type.String(),
  message: Type.String(),
  remedy: Type.Optional(Type.String()),
});
export type ErrorBody = Static<typeof ErrorBody>;

/** Commands that do by hand what a request does, in order. */
export const ShellPlan = Type.Object({ commands: Type.Array(Type.String()) });
export type ShellPlan = Static<typeof ShellPlan>;

/** Body of the upgrade request `POST /v1/containers/:id/exec`. */
export const ExecSpec = Type.Object(
  {
    command: Type.Array(Type.String({ maxLength: 131072 }), { minItems: 1, maxItems: 4096 }),
    env: Type.Optional(Type.Array(Type.String({ maxLength: 131072 }), { maxItems: 4096 })),
    workdir: Type.Optional(Type.String({ maxLength: 4096 })),
    user: Type.Optional(Type.String({ maxLength: 255 })),
    tty: Type.Optional(Type.Boolean()),
    stdin: Type.Optional(Type.Boolean()),
    detach: Type.Optional(Type.Boolean()),
    rows: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
    columns: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  },
  options,
);
export type ExecSpec = Static<typeof ExecSpec>;

export const EventInfo = Type.Object({
  at: Type.String({ description: "ISO 8601; never before that of the event before" }),
  type: Type.String({ description: "container.created, container.started, container.exited, container.removed …" }),
  action: Type.String({ description: "docker's word for it: create, start, die, destroy, health_status: healthy …" }),
  id: Type.Optional(Type.String({ description: "id of the container" })),
  container: Type.Optional(Type.String({ description: "name of the container" })),
  exitCode: Type.Optional(Type.Integer()),
  attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type EventInfo = Static<typeof EventInfo>;
