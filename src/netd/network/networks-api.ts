/**
 * What the API can ask of networks.
 *
 * What is wanted is durable before the kernel hears of it, and what is removed leaves the kernel first: whenever netd is killed, its next start
 * makes the network whole, and a removal that was not finished has not been one.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type {
  NetworkChange,
  NetworkChanged,
  NetworkDetail,
  NetworkInfo,
  NetworkSpec,
  PrunedNetworks,
  ShellPlan,
} from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import { faultPoint, type NetworkStep, stepsToShell, teardownSlowSteps } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import { readPolicy, savePolicy } from "../firewall/policy-store.ts";
import { readBridgeFacts, readHostFacts } from "../kernel-facts.ts";
import { changeNetwork } from "./change-network.ts";
import { hostUla } from "./host-ula.ts";
import { networkDetail, networkInfo } from "./network-info.ts";
import { planNetworkRemoval } from "./network-plan.ts";
import { DEFAULT_NETWORK, makeNetworkId, type NetworkRow } from "./network-row.ts";
import { listPlaces } from "./network-users.ts";
import { closeNetwork, openNetwork, planOpening } from "./open-network.ts";
import { replaceNetwork, showReplacement } from "./replace-network.ts";
import { resolveNetwork } from "./resolve-network.ts";

/** Kind of the inverse of a change that waits for its confirmation. */
const CHANGE_KIND = "network.set";

/** Creates, lists, changes and removes networks. */
export class NetworksApi {
  readonly #context: DaemonContext;
  /** Changes of networks wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: DaemonContext) {
    this.#context = context;
    context.changes.handle(CHANGE_KIND, async (data) => await this.#takeBack(data as NetworkRow));
  }

  list(): NetworkInfo[] {
    return [...this.#context.networks].map((row) => networkInfo(this.#context, row));
  }

  /** @throws {NetdError} NETWORK_UNKNOWN */
  inspect(reference: string): NetworkDetail {
    return networkDetail(this.#context, this.#context.networks.find(reference));
  }

  /** @throws {NetdError} for anything that is wrong with the spec, or that the kernel refuses: then nothing is left of it */
  async create(spec: NetworkSpec): Promise<NetworkInfo> {
    return await this.#inTurn(async () => {
      const context = this.#context;
      const row = this.#resolve(spec);
      this.#forgetAllows(row);
      context.store.saveNetwork(row);
      faultPoint("network:saved");
      try {
        await openNetwork(context, row);
      } catch (error) {
        this.#forget(row);
        throw error;
      }
      this.#tell("network.created", row);
      return networkInfo(context, row);
    });
  }

  /** The commands that would make such a network; nothing is done. @throws {NetdError} as {@link create} */
  showCreate(spec: NetworkSpec): ShellPlan {
    return { commands: stepsToShell(planOpening(this.#context, this.#resolve(spec))) };
  }

  /** Change a network while its containers run. @throws {NetdError} and then all is as before */
  async set(reference: string, change: NetworkChange): Promise<NetworkChanged> {
    const context = this.#context;
    const before = context.networks.find(reference);
    const what = `net set ${before.name}`;
    const wanted = {
      what,
      subject: subjectOf(before),
      seconds: change.confirmSeconds,
      inverse: { kind: CHANGE_KIND, data: before },
    };
    const info = await this.#inTurn(
      async () =>
        await context.changes.run(wanted, async () => {
          const current = context.networks.find(before.name);
          const after = changeNetwork(current, change, readHostFacts().addresses);
          await this.#replace(current, after);
          return networkInfo(context, after);
        }),
    );
    if (change.confirmSeconds === undefined) return info;
    const pending = context.changes.list().findLast((one) => one.what === what);
    return { ...info, ...(pending === undefined ? {} : { pending }) };
  }

  /** The commands that would change it; nothing is done. @throws {NetdError} as {@link set} */
  showSet(reference: string, change: NetworkChange): ShellPlan {
    const before = this.#context.networks.find(reference);
    const after = changeNetwork(before, change, readHostFacts().addresses);
    return { commands: showReplacement(this.#context, before, after) };
  }

  /** @throws {NetdError} NETWORK_UNKNOWN, NETWORK_IN_USE naming who is in it, and what the kernel refuses: then it is still there */
  async remove(reference: string): Promise<void> {
    await this.#inTurn(async () => await this.#remove(this.#context.networks.find(reference)));
  }

  /** The commands that would remove it; nothing is done. @throws {NetdError} NETWORK_UNKNOWN, NETWORK_IN_USE */
  showRemove(reference: string): ShellPlan {
    const row = this.#context.networks.find(reference);
    this.#checkUnused(row);
    return { commands: stepsToShell(this.#planRemoval(row)) };
  }

  /** Remove the networks that no container is in; with labels, those of them that have all. */
  async prune(labels: string[]): Promise<PrunedNetworks> {
    return await this.#inTurn(async () => {
      const unused = this.#listUnused(labels);
      for (const row of unused) await this.#remove(row);
      return { networks: unused.map(({ name }) => name) };
    });
  }

  /** The commands that would do it; nothing is done. */
  showPrune(labels: string[]): ShellPlan {
    return { commands: this.#listUnused(labels).flatMap((row) => stepsToShell(this.#planRemoval(row))) };
  }

  #listUnused(labels: string[]): NetworkRow[] {
    return [...this.#context.networks].filter(
      (row) =>
        row.name !== DEFAULT_NETWORK &&
        listPlaces(this.#context, row.name).length === 0 &&
        labels.every((label) => hasLabel(row.labels, label)),
    );
  }

  #resolve(spec: NetworkSpec): NetworkRow {
    const { networks, store, now } = this.#context;
    return resolveNetwork(spec, {
      networks,
      host: readHostFacts(),
      ula: hostUla(store, randomBytes),
      id: makeNetworkId(),
      now: now(),
    });
  }

  async #replace(before: NetworkRow, after: NetworkRow): Promise<void> {
    await replaceNetwork(this.#context, before, after);
    this.#tell("network.changed", after);
  }

  /** Put a network back to what it was. A network of that name may be another now. */
  async #takeBack(before: NetworkRow): Promise<void> {
    await this.#inTurn(async () => {
      const current = this.#context.networks.get(before.name);
      if (current?.id === before.id) await this.#replace(current, before);
    });
  }

  async #remove(row: NetworkRow): Promise<void> {
    const context = this.#context;
    this.#checkUnused(row);
    context.changes.check({ what: `net rm ${row.name}`, subject: subjectOf(row) });
    // From now on nobody joins it.
    context.networks.delete(row.name);
    try {
      await closeNetwork(context, row);
      const [failure] = await teardownSlowSteps(this.#planRemoval(row), {
        journal: context.journal.note,
        session: context.session,
      });
      context.journal.flush();
      if (failure !== undefined) throw failure;
      faultPoint("network:closed");
      this.#forget(row);
    } catch (error) {
      await openNetwork(context, row).catch((failure: unknown) => {
        context.logger.error(
          { err: failure, network: row.name },
          "cannot put a network back that could not be removed",
        );
      });
      context.networks.set(row);
      throw error;
    }
    this.#forgetAllows(row);
    this.#tell("network.removed", row);
  }

  /** @throws {NetdError} STATE_WRITE_FAILED, and it is remembered still */
  #forget({ name }: NetworkRow): void {
    const { store, ipam } = this.#context;
    store.transact(name, () => {
      ipam.closeNetwork(name);
      store.deleteNetwork(name);
    });
  }

  /** Forget what was allowed to a network that is gone: another of its name shall not have it. @throws {NetdError} STATE_WRITE_FAILED, NFT_FAILED */
  #forgetAllows({ name }: NetworkRow): void {
    const { firewall, store } = this.#context;
    const { allows, acls } = readPolicy(store);
    const kept = allows.filter(({ from, to }) => from !== name && to !== name);
    if (kept.length === allows.length) return;
    savePolicy(store, { allows: kept, acls });
    firewall.setNetworks(firewall.policy.networks, kept, firewall.policy.acls);
  }

  #planRemoval(row: NetworkRow): NetworkStep[] {
    return planNetworkRemoval(row, { instance: this.#context.instance, facts: readBridgeFacts(row.bridge) });
  }

  /** @throws {NetdError} NETWORK_IN_USE */
  #checkUnused({ name }: NetworkRow): void {
    if (name === DEFAULT_NETWORK) {
      throw new NetdError(
        "NETWORK_IN_USE",
        `Cannot remove network '${name}': it is the one that netd itself needs, another wanted`,
        {
          remedy: "Remove all of netd with 'netd --teardown'",
        },
      );
    }
    const users = [...new Set(listPlaces(this.#context, name).map(({ container }) => container.row.name))];
    if (users.length === 0) return;
    const named =
      users.length > 10 ? `${users.slice(0, 10).join(", ")} and ${users.length - 10} more` : users.join(", ");
    throw new NetdError(
      "NETWORK_IN_USE",
      `Cannot remove network '${name}': containers are in it (${named}), none wanted`,
      {
        remedy: `Take them out with 'netctl net disconnect ${name} CONTAINER', or remove them with 'netctl rm'`,
      },
    );
  }

  #tell(type: string, row: NetworkRow): void {
    this.#context.events.emit({ type, id: row.id, attributes: { name: row.name, type: row.kind } });
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => {});
    return await turn;
  }
}

/** Whether labels have `NAME`, or `NAME=VALUE`. */
function hasLabel(labels: Record<string, string>, wanted: string): boolean {
  const [name = ""] = wanted.split("=", 1);
  return Object.hasOwn(labels, name) && (name === wanted || labels[name] === wanted.slice(name.length + 1));
}

function subjectOf({ name }: NetworkRow): string {
  return `network ${name}`;
}
