/**
 * What the API asks about containers' places in networks.
 *
 * @module
 */
import type { ConnectSpec, DisconnectSpec, Endpoint, ShellPlan } from "../../api/index.ts";
import { type NetworkStep, stepsToShell } from "../../kernel/index.ts";
import { type Container, showEndpoint } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { connectContainer, previewConnect } from "./connect.ts";
import { disconnectContainer, previewDisconnect } from "./disconnect.ts";

/** Connects and disconnects containers. */
export class EndpointsApi {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
  }

  /** @throws {NetdError} CONTAINER_UNKNOWN, and as `connectContainer` */
  async connect(network: string, spec: ConnectSpec): Promise<Endpoint> {
    const container = this.#context.containers.find(spec.container);
    const endpoint = await connectContainer(this.#context, container, network, spec);
    return showEndpoint(container, endpoint, this.#context.networks);
  }

  /** @throws {NetdError} CONTAINER_UNKNOWN, and as `disconnectContainer` */
  async disconnect(network: string, spec: DisconnectSpec): Promise<void> {
    await disconnectContainer(this.#context, this.#context.containers.find(spec.container), network);
  }

  /** The commands that {@link connect} stands for. @throws {NetdError} as it does */
  showConnect(network: string, spec: ConnectSpec): ShellPlan {
    const container = this.#context.containers.find(spec.container);
    return show(container, previewConnect(this.#context, container, network, spec));
  }

  /** The commands that {@link disconnect} stands for. @throws {NetdError} as it does */
  showDisconnect(network: string, spec: DisconnectSpec): ShellPlan {
    const container = this.#context.containers.find(spec.container);
    return show(container, previewDisconnect(this.#context, container, network));
  }
}

function show({ row }: Container, steps: readonly NetworkStep[]): ShellPlan {
  if (row.state !== "running") {
    return { commands: [`# container '${row.name}' does not run: its definition changes, and nothing in the kernel`] };
  }
  return { commands: stepsToShell(steps) };
}
