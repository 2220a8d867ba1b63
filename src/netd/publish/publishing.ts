/**
 * Publishing ports of containers, running or not.
 *
 * @module
 */
import { familyOf, formatPortMapping, type PortMapping } from "../../address/index.ts";
import type { PublishedPorts, PublishSpec, ShellPlan } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { type ConntrackMatch, deleteConntrack, stepsToShell } from "../../kernel/index.ts";
import { takeTurn } from "../container/turn.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { firewallContainer } from "../firewall/firewall-rows.ts";
import { planHairpin } from "./hairpin.ts";
import { isSameMapping } from "./port-claims.ts";
import { checkPortsFree, resolvePorts } from "./resolve-ports.ts";

/** Kind of the changes that are taken back unless confirmed. */
const REVERT_KIND = "ports";

interface PortsBefore {
  containerId: string;
  ports: PortMapping[];
}

/** Publishes and unpublishes. */
export class Publishing {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
    context.changes.handle(REVERT_KIND, async (data) => await this.#revert(data as PortsBefore));
  }

  /**
   * Publish further ports; durable on return.
   *
   * @throws {NetdError} CONTAINER_UNKNOWN, PORT_INVALID, PORT_TAKEN, CHANGE_PENDING, NFT_FAILED, STATE_WRITE_FAILED; nothing has changed then
   */
  async publish(reference: string, spec: PublishSpec): Promise<PublishedPorts> {
    return await this.#change(reference, spec, "publish", (container) => this.#withPorts(container, spec.ports));
  }

  /** Take ports away; durable on return. @throws {NetdError} PORT_UNKNOWN for one that is not published, and as {@link publish} */
  async unpublish(reference: string, spec: PublishSpec): Promise<PublishedPorts> {
    return await this.#change(reference, spec, "unpublish", (container) => withoutPorts(container, spec.ports));
  }

  /** The commands that {@link publish} stands for. @throws {NetdError} as it does */
  showPublish(reference: string, spec: PublishSpec): ShellPlan {
    const container = this.#context.containers.find(reference);
    return this.#show(container, this.#withPorts(container, spec.ports));
  }

  /** The commands that {@link unpublish} stands for. @throws {NetdError} as it does */
  showUnpublish(reference: string, spec: PublishSpec): ShellPlan {
    const container = this.#context.containers.find(reference);
    return this.#show(container, withoutPorts(container, spec.ports));
  }

  async #change(
    reference: string,
    { confirmSeconds: seconds }: PublishSpec,
    verb: "publish" | "unpublish",
    plan: (container: Container) => PortMapping[],
  ): Promise<PublishedPorts> {
    const { changes, containers } = this.#context;
    const container = containers.find(reference);
    return await takeTurn(container, async () => {
      const ports = plan(container);
      const { id, name, ports: before } = container.row;
      const what = `${verb} ${name}`;
      const inverse = { kind: REVERT_KIND, data: { containerId: id, ports: before } satisfies PortsBefore };
      const subject = `ports of ${id}`;
      await changes.run({ what, subject, seconds, inverse }, () => this.#apply(container, ports));
      const pending = seconds === undefined ? undefined : changes.list().findLast((change) => change.what === what);
      return { ports: container.row.ports, ...(pending === undefined ? {} : { pending }) };
    });
  }

  #withPorts(container: Container, wanted: readonly PortMapping[]): PortMapping[] {
    const { row } = container;
    const added = resolvePorts(this.#context, row, { wanted, has: row.ports });
    if (row.state === "running") checkPortsFree(this.#context, row, added);
    return [...row.ports, ...added];
  }

  /** Kernel first: what is durable and not in force would be seen, and what is in force and not durable ends with the next start. */
  #apply(container: Container, ports: PortMapping[]): void {
    const { firewall, networks, store, events } = this.#context;
    const before = container.row;
    const row = { ...before, ports };
    const isRunning = before.state === "running";
    const put = (state: typeof row): void => {
      const changed = { ...container, row: state };
      firewall.setContainer(row.id, firewallContainer(networks, changed), planHairpin(this.#context, changed));
    };
    try {
      if (isRunning) put(row);
      store.updateContainer(row);
    } catch (error) {
      if (isRunning) put(before);
      throw error;
    }
    container.row = row;
    if (isRunning) forgetPorts(before.ports, ports);
    events.emit({ type: "container.updated", container: row.name });
  }

  async #revert({ containerId, ports }: PortsBefore): Promise<void> {
    const container = this.#context.containers.byId(containerId);
    if (container === undefined) return;
    await takeTurn(container, async () => this.#apply(container, ports));
  }

  #show(container: Container, ports: PortMapping[]): ShellPlan {
    const { row } = container;
    if (row.state !== "running") {
      return {
        commands: [`# container '${row.name}' does not run: its definition changes, and nothing in the kernel`],
      };
    }
    const { firewall, networks } = this.#context;
    const changed = { ...container, row: { ...row, ports } };
    return {
      commands: stepsToShell([
        ...planHairpin(this.#context, changed),
        ...firewall.previewChange(row.id, firewallContainer(networks, changed)),
      ]),
    };
  }
}

/** Have what is sent to ports that came or went meet the rules anew: UDP would go on to where it went before. */
export function forgetPorts(before: readonly PortMapping[], after: readonly PortMapping[]): void {
  const isIn = (ports: readonly PortMapping[], port: PortMapping): boolean =>
    ports.some((other) => isSameMapping(other, port));
  const changed = [...before.filter((port) => !isIn(after, port)), ...after.filter((port) => !isIn(before, port))];
  deleteConntrack(
    changed.map(({ hostAddress, hostPort: port, count, protocol }): ConntrackMatch => {
      const isAny = hostAddress === "0.0.0.0" || hostAddress === "::";
      return {
        family: familyOf(hostAddress) === 4 ? "inet" : "inet6",
        ...{ protocol, port, count },
        ...(isAny ? {} : { originalDestination: hostAddress }),
      };
    }),
  );
}

function withoutPorts({ row }: Container, unwanted: readonly PortMapping[]): PortMapping[] {
  for (const port of unwanted) {
    if (row.ports.some((known) => isMeant(known, port))) continue;
    throw new NetdError(
      "PORT_UNKNOWN",
      `Cannot unpublish ${port.hostPort === 0 ? `port ${port.containerPort}/${port.protocol}` : formatPortMapping(port)}: container '${row.name}' does not publish it`,
      { remedy: `See its ports with 'netctl port ${row.name}'` },
    );
  }
  return row.ports.filter((known) => !unwanted.some((port) => isMeant(known, port)));
}

/** Whether a port is the one meant: with host port 0, whatever was picked. */
function isMeant(known: PortMapping, meant: PortMapping): boolean {
  return isSameMapping(known, meant.hostPort === 0 ? { ...meant, hostPort: known.hostPort } : meant);
}
