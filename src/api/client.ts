/**
 * Speaks to netd: one method for each request of the API.
 *
 * @module
 */
import type { Socket } from "node:net";
import { NetdError } from "../errors.ts";
import { type ApiRequestOptions, formatQuery, readError, readText } from "./api-request.ts";
import { exchangeHttp, type HttpRequest, type HttpResponse } from "./http-exchange.ts";
import { readJsonArray } from "./json-array.ts";
import type { UpdateSpec } from "./limits-schema.ts";
import type { ApiChange } from "./network-changes.ts";
import type {
  AclSpec,
  AllowInfo,
  DoctorFinding,
  DriftItem,
  NetworkDetail,
  NetworkInfo,
  PendingChange,
} from "./network-schema.ts";
import type {
  ChangeInfo,
  ContainerInfo,
  ContainerSpec,
  DaemonInfo,
  EventInfo,
  ExecSpec,
  FileInfo,
  ImageInfo,
  LeaseInfo,
  LogLoss,
  PrunedVolumes,
  ShellPlan,
  VolumeInfo,
  VolumeSpec,
} from "./schemas.ts";
import type { StatsInfo, TopInfo } from "./stats-schema.ts";
import type { WaitCondition } from "./wait-schema.ts";

/** Where netd listens unless told otherwise. */
export const DEFAULT_RUN_DIR = "/run/netd";

/** A connection that left HTTP and now carries frames of `src/stream` both ways. The caller ends `socket`. */
export interface FrameConnection {
  socket: Socket;
  /** Bytes that came with the answer and belong to the frames. */
  rest: Buffer;
}

/** Which log lines `streamLogs` asks for. */
export interface LogsQuery {
  follow?: boolean;
  /** Only the last lines, this many. */
  tail?: number | undefined;
  timestamps?: boolean;
  /** Only lines of this time or later: seconds since 1970, as text with a fraction or not. */
  since?: string | undefined;
  /** Only lines of this time or before. */
  until?: string | undefined;
}

/** Output of a container. */
export interface LogsAnswer {
  /** Frames of `src/stream`. */
  body: AsyncIterable<Buffer>;
  /** What the log had no room for. */
  loss: LogLoss | undefined;
}

/** Decide where netd's socket is: `--socket`, else NETD_SOCKET, else netd.sock in NETD_RUN_DIR. */
export function findSocketPath(option: string | undefined, env: Record<string, string | undefined>): string {
  return option ?? (env.NETD_SOCKET || `${env.NETD_RUN_DIR || DEFAULT_RUN_DIR}/netd.sock`);
}

/** A client of one netd. Holds nothing open between requests. Every method throws the {@link NetdError} that netd answers. */
export class ApiClient {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  info(): Promise<DaemonInfo> {
    return this.request("GET", "/v1/info");
  }

  createContainer(spec: ContainerSpec): Promise<ContainerInfo> {
    return this.request("POST", "/v1/containers", { body: spec });
  }

  /** The commands that creating and starting such a container would take; does nothing. */
  showContainer(spec: ContainerSpec): Promise<ShellPlan> {
    return this.request("POST", "/v1/containers", { body: spec, query: { show: true } });
  }

  listContainers(all: boolean): Promise<ContainerInfo[]> {
    return this.request("GET", "/v1/containers", { query: { all } });
  }

  container(id: string): Promise<ContainerInfo> {
    return this.request("GET", containerPath(id));
  }

  containerCommands(id: string): Promise<ShellPlan> {
    return this.request("GET", containerPath(id, "/commands"));
  }

  startContainer(id: string): Promise<ContainerInfo> {
    return this.request("POST", containerPath(id, "/start"));
  }

  stopContainer(
    id: string,
    options: { timeoutSeconds?: number | undefined; signal?: string | undefined },
  ): Promise<ContainerInfo> {
    return this.request("POST", containerPath(id, "/stop"), { body: options });
  }

  /** The commands that `start`, `stop` or `rm` would take; does nothing. */
  showChange(id: string, change: "start" | "stop" | "rm"): Promise<ShellPlan> {
    return change === "rm"
      ? this.request("DELETE", containerPath(id), { query: { show: true } })
      : this.request("POST", containerPath(id, `/${change}`), { query: { show: true } });
  }

  killContainer(id: string, signal: string): Promise<unknown> {
    return this.request("POST", containerPath(id, "/kill"), { body: { signal } });
  }

  /** Stop a container if it runs, and start it. */
  restartContainer(
    id: string,
    options: { timeoutSeconds?: number | undefined; signal?: string | undefined },
  ): Promise<ContainerInfo> {
    return this.request("POST", containerPath(id, "/restart"), { body: options });
  }

  renameContainer(id: string, name: string): Promise<ContainerInfo> {
    return this.request("POST", containerPath(id, "/rename"), { body: { name } });
  }

  updateContainer(id: string, change: UpdateSpec): Promise<ContainerInfo> {
    return this.request("POST", containerPath(id, "/update"), { body: change });
  }

  /** The commands that an update of a running container would take; does nothing. */
  showUpdate(id: string, change: UpdateSpec): Promise<ShellPlan> {
    return this.request("POST", containerPath(id, "/update"), { body: change, query: { show: true } });
  }

  /** What containers use: those that are named, else all that run. */
  stats(containers: string[]): Promise<StatsInfo[]> {
    return this.request("GET", "/v1/stats", { query: { container: containers } });
  }

  /** The processes of a container, as ps(1) lists them with these options. */
  top(id: string, psOptions: string[]): Promise<TopInfo> {
    return this.request("GET", containerPath(id, "/top"), { query: { ps: psOptions } });
  }

  pauseContainer(id: string): Promise<ContainerInfo> {
    return this.request("POST", containerPath(id, "/pause"));
  }

  unpauseContainer(id: string): Promise<ContainerInfo> {
    return this.request("POST", containerPath(id, "/unpause"));
  }

  /** The commands that `pause` or `unpause` would take; does nothing. */
  showPause(id: string, change: "pause" | "unpause"): Promise<ShellPlan> {
    return this.request("POST", containerPath(id, `/${change}`), { query: { show: true } });
  }

  waitContainer(id: string, condition?: WaitCondition): Promise<{ exitCode: number }> {
    return this.request("POST", containerPath(id, "/wait"), { query: { condition } });
  }

  removeContainer(id: string, options: { force: boolean; volumes?: boolean }): Promise<void> {
    return this.request("DELETE", containerPath(id), { query: { force: options.force, volumes: options.volumes } });
  }

  attachContainer(id: string, options: { start: boolean; stdin: boolean }): Promise<FrameConnection> {
    return this.#upgrade(containerPath(id, "/attach"), { query: options });
  }

  execContainer(id: string, spec: ExecSpec): Promise<FrameConnection> {
    return this.#upgrade(containerPath(id, "/exec"), { body: spec });
  }

  /** Output of a container as frames. */
  async logs(id: string, query: LogsQuery): Promise<LogsAnswer> {
    const { body, headers } = await this.#send("GET", containerPath(id, "/logs"), { query: { ...query } });
    const loss = headers["netd-log-loss"];
    return { body, loss: loss === undefined ? undefined : (JSON.parse(loss) as LogLoss) };
  }

  /** The leases and reservations by address, as they arrive; only those of containers that are gone, if wanted. */
  async *leases(query: { stale?: boolean } = {}): AsyncGenerator<LeaseInfo, void> {
    const { body } = await this.#send("GET", "/v1/leases", { query });
    yield* readJsonArray<LeaseInfo>(body);
  }

  /** A {@link LeaseDocument} as text. */
  async exportLeases(): Promise<AsyncIterable<Buffer>> {
    return (await this.#send("GET", "/v1/leases/export", {})).body;
  }

  networks(): Promise<NetworkInfo[]> {
    return this.request("GET", "/v1/networks");
  }

  network(name: string): Promise<NetworkDetail> {
    return this.request("GET", `/v1/networks/${encodeURIComponent(name)}`);
  }

  /** Which networks may open connections to which others. */
  allows(): Promise<AllowInfo[]> {
    return this.request("GET", "/v1/allows");
  }

  /** The access rules, in the order in which they decide. */
  acls(): Promise<AclSpec[]> {
    return this.request("GET", "/v1/acls");
  }

  /** What the kernel has otherwise than netd wants. */
  drift(): Promise<DriftItem[]> {
    return this.request("GET", "/v1/drift");
  }

  doctor(): Promise<DoctorFinding[]> {
    return this.request("GET", "/v1/doctor");
  }

  /** Changes that are taken back unless somebody confirms them. */
  pendingChanges(): Promise<PendingChange[]> {
    return this.request("GET", "/v1/changes");
  }

  /** Have netd make a change. */
  apply<T>({ method, path, body, query = {} }: ApiChange<T>): Promise<T> {
    return this.request(method, path, { body, query });
  }

  /** The commands that a change would take; does nothing. */
  show({ method, path, body, query = {} }: ApiChange<unknown>): Promise<ShellPlan> {
    return this.request(method, path, { body, query: { ...query, show: true } });
  }

  /** What is at a path of a container. */
  statFile(id: string, path: string, follow: boolean): Promise<FileInfo> {
    return this.request("GET", containerPath(id, "/stat"), { query: { path, follow } });
  }

  /** A tar of what is at a path of a container, in which it is called `name`. */
  async readArchive(
    id: string,
    query: { path: string; name?: string | undefined; follow: boolean },
  ): Promise<AsyncIterable<Buffer>> {
    return (await this.#send("GET", containerPath(id, "/archive"), { query })).body;
  }

  /** Unpack a tar in a directory of a container. */
  writeArchive(id: string, path: string, archive: AsyncIterable<Buffer>): Promise<void> {
    return this.request("PUT", containerPath(id, "/archive"), { upload: archive, query: { path } });
  }

  /** What a container added, changed and deleted. */
  changes(id: string): Promise<ChangeInfo[]> {
    return this.request("GET", containerPath(id, "/changes"));
  }

  volumes(): Promise<VolumeInfo[]> {
    return this.request("GET", "/v1/volumes");
  }

  volume(name: string): Promise<VolumeInfo> {
    return this.request("GET", `/v1/volumes/${encodeURIComponent(name)}`);
  }

  createVolume(spec: VolumeSpec): Promise<VolumeInfo> {
    return this.request("POST", "/v1/volumes", { body: spec });
  }

  removeVolume(name: string): Promise<void> {
    return this.request("DELETE", `/v1/volumes/${encodeURIComponent(name)}`);
  }

  /** Remove the anonymous volumes that no container has, or all such volumes. */
  pruneVolumes(all: boolean): Promise<PrunedVolumes> {
    return this.request("POST", "/v1/volumes/prune", { query: { all } });
  }

  images(): Promise<ImageInfo[]> {
    return this.request("GET", "/v1/images");
  }

  /** Send a tar or tar.gz. `changes` are Dockerfile-like lines such as `CMD ["sh"]`. */
  importImage(name: string, archive: AsyncIterable<Buffer>, changes: string[]): Promise<ImageInfo> {
    return this.request("PUT", `/v1/images/${encodeURIComponent(name)}`, {
      upload: archive,
      query: { change: changes },
    });
  }

  removeImage(name: string): Promise<void> {
    return this.request("DELETE", `/v1/images/${encodeURIComponent(name)}`);
  }

  /**
   * Events from now on, or from `since` on, until the caller leaves the loop, `until` has come, or netd ends. Both are seconds since 1970;
   * netd remembers the last two thousand.
   */
  async *events(
    query: { since?: string | undefined; until?: string | undefined } = {},
  ): AsyncGenerator<EventInfo, void> {
    const { body } = await this.#send("GET", "/v1/events", { query });
    let rest = "";
    const decoder = new TextDecoder();
    for await (const bytes of body) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield JSON.parse(line) as EventInfo;
    }
  }

  /** Send a request and parse its JSON answer; `undefined` for an empty one. */
  async request<T>(method: string, path: string, options: ApiRequestOptions = {}): Promise<T> {
    const text = await readText(await this.#send(method, path, options));
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async #upgrade(path: string, options: ApiRequestOptions): Promise<FrameConnection> {
    const headers = { Connection: "Upgrade", Upgrade: "netd-stream" };
    const { status, socket, rest } = await this.#send("POST", path, options, headers);
    if (status === 101) return { socket, rest };
    socket.destroy();
    throw new NetdError("INTERNAL", `Cannot attach to the streams: netd answered ${status}, 101 wanted`);
  }

  async #send(
    method: string,
    path: string,
    options: ApiRequestOptions,
    headers: Record<string, string> = {},
  ): Promise<HttpResponse> {
    const request: HttpRequest = { method, path: path + formatQuery(options.query ?? {}), headers };
    if (options.body !== undefined) {
      request.body = Buffer.from(JSON.stringify(options.body));
      request.headers = { ...headers, "Content-Type": "application/json" };
    } else if (options.upload !== undefined) {
      request.body = options.upload;
      request.headers = { ...headers, "Content-Type": "application/octet-stream" };
    }
    const response = await exchangeHttp(this.socketPath, request);
    if (response.status >= 400) throw await readError(response);
    return response;
  }
}

function containerPath(id: string, rest = ""): string {
  return `/v1/containers/${encodeURIComponent(id)}${rest}`;
}
