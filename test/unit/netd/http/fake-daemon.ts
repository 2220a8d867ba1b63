import { Readable } from "node:stream";
import type { ContainerInfo, ContainerSpec, EventInfo } from "../../../../src/api/index.ts";
import { NetdError } from "../../../../src/errors.ts";
import { createLogger } from "../../../../src/logger.ts";
import type { Daemon } from "../../../../src/netd/index.ts";

type PublicDaemon = Pick<Daemon, keyof Daemon>;

/** One container as the API shows it. */
export const WEB: ContainerInfo = {
  id: "3f2a".padEnd(64, "0"),
  name: "web",
  image: "busybox",
  command: ["sh"],
  state: "running",
  pid: 42,
  restartCount: 0,
  networkMode: "default",
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: "2026-01-01T00:00:01.000Z",
  hostname: "web",
  endpoint: {
    network: "default",
    address: "172.16.0.2",
    prefixLength: 24,
    gateway: "172.16.0.1",
    mac: "02:42:ac:10:00:02",
    hostInterface: "ve3f2a000000",
    netns: "/run/netns/web",
  },
  labels: { tier: "front" },
  spec: { image: "busybox", name: "web" },
  launch: { forks: 1, slow: false },
  files: { hosts: "/h", hostname: "/n", resolvConf: "/r", log: "/l" },
};

/** A daemon that knows one container, `web`, and writes down what it was asked. */
export class FakeDaemon implements PublicDaemon {
  readonly logger = createLogger("test", { level: "silent" });
  readonly files = {} as unknown as Daemon["files"];
  readonly endpoints = {} as unknown as Daemon["endpoints"];
  readonly changes = {} as unknown as Daemon["changes"];
  readonly publishing = {} as unknown as Daemon["publishing"];
  readonly policies = {} as unknown as Daemon["policies"];
  readonly drift = {} as unknown as Daemon["drift"];
  readonly networks = {
    list: () => [],
    inspect: (name: string): never => {
      throw new NetdError("NETWORK_UNKNOWN", `Cannot find network '${name}': there is none of that name`);
    },
  } as unknown as Daemon["networks"];
  readonly leases = {} as unknown as Daemon["leases"];
  readonly doctor = {} as unknown as Daemon["doctor"];
  readonly volumes = {
    list: () => [],
    inspect: () => this.#note(undefined, "inspectVolume"),
    create: () => this.#note(undefined, "createVolume"),
    remove: () => this.#note(undefined, "removeVolume"),
    prune: () => ({ volumes: [], reclaimedBytes: 0 }),
  } as unknown as Daemon["volumes"];
  readonly calls: unknown[][] = [];
  /** Thrown by the next call that is not about an unknown container. */
  failure: Error | undefined;
  #listener: ((event: EventInfo) => void) | undefined;

  /** The same, for who wants the class; nothing reads its private parts from outside. */
  get asDaemon(): Daemon {
    return this as unknown as Daemon;
  }

  /** Forget what happened. */
  reset(): void {
    this.calls.length = 0;
    this.failure = undefined;
  }

  /** Tell the one who listens last. */
  emit(event: EventInfo): void {
    this.#listener?.(event);
  }

  stop = async () => {};
  info = async () => ({
    version: "1.2.3",
    pid: 1,
    instance: "0badcafe",
    runDir: "/run/netd",
    stateDir: "/var/lib/netd",
    runtime: { pid: 2, forks: 3, secondForks: 0, slowStarts: 0 },
    dns: { pid: 4 },
    containers: { running: 1, total: 1 },
  });

  listContainers = (hasAll: boolean) => this.#note([WEB], "listContainers", hasAll);
  inspectContainer = async (reference: string) => this.#find(reference, "inspectContainer");
  createContainer = async (spec: ContainerSpec) => this.#note({ ...WEB, spec }, "createContainer", spec);
  showRun = async (spec: ContainerSpec) => this.#note({ commands: ["run"] }, "showRun", spec);
  showContainer = async (reference: string) => {
    this.#find(reference, "showContainer");
    return { commands: ["ip netns add web"] };
  };
  startContainer = async (reference: string) => this.#find(reference, "startContainer");
  stopContainer: Daemon["stopContainer"] = async (reference, options) =>
    this.#find(reference, "stopContainer", options);
  restartContainer: Daemon["restartContainer"] = async (reference, options) =>
    this.#find(reference, "restartContainer", options);
  renameContainer: Daemon["renameContainer"] = async (reference, name) =>
    this.#find(reference, "renameContainer", name);
  updateContainer: Daemon["updateContainer"] = async (reference, change) =>
    this.#find(reference, "updateContainer", change);
  showUpdate: Daemon["showUpdate"] = (reference, change) => {
    this.#find(reference, "showUpdate", change);
    return { commands: ["update"] };
  };
  pauseContainer = async (reference: string, isPausing: boolean) => this.#find(reference, "pauseContainer", isPausing);
  stats: Daemon["stats"] = (references) => this.#note([], "stats", references);
  top: Daemon["top"] = async (reference, psOptions) => {
    this.#find(reference, "top", psOptions);
    return { titles: ["PID"], processes: [["1"]] };
  };
  showPause: Daemon["showPause"] = (reference, isPausing) => {
    this.#find(reference, "showPause", isPausing);
    return { commands: ["pause"] };
  };
  showStop = (reference: string, signal: number | undefined) => {
    this.#find(reference, "showStop", signal);
    return { commands: [`kill -${signal} 42`] };
  };
  killContainer = async (reference: string, signal: number) => this.#find(reference, "killContainer", signal);
  waitContainer: Daemon["waitContainer"] = async (reference, condition) => {
    this.#find(reference, "waitContainer", ...(condition === undefined ? [] : [condition]));
    return 3;
  };
  removeContainer = async (reference: string, isForced: boolean) => {
    this.#find(reference, "removeContainer", isForced);
  };
  showRemove = (reference: string) => {
    this.#find(reference, "showRemove");
    return { commands: ["ip netns delete web"] };
  };
  attach = async (): Promise<never> => {
    throw new RangeError("the fake has no streams");
  };
  exec = async (): Promise<never> => {
    throw new RangeError("the fake has no streams");
  };
  readLogs: Daemon["readLogs"] = async (reference, options) => {
    this.#find(reference, "readLogs", options);
    return { stream: Readable.from([Buffer.from("frames")]), loss: undefined };
  };
  listImages = () => [];
  importImage: Daemon["importImage"] = async (name, archive, changes) => {
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    const sizeBytes = Buffer.concat(chunks).length;
    return this.#note({ name, id: "sha256:0", createdAt: WEB.createdAt, sizeBytes }, "importImage", name, changes);
  };
  removeImage = async (name: string) => this.#note(undefined, "removeImage", name);
  listen: Daemon["listen"] = (listener) => {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  };

  #note<T>(result: T, ...call: unknown[]): T {
    this.calls.push(call);
    if (this.failure !== undefined) throw this.failure;
    return result;
  }

  #find(reference: string, ...call: unknown[]): ContainerInfo {
    if (reference === "web") return this.#note(WEB, ...call);
    throw new NetdError("CONTAINER_UNKNOWN", `Cannot find container '${reference}': there is none of that name or id`, {
      remedy: "See the containers with 'netctl ps -a'",
    });
  }
}
