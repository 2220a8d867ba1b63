/**
 * The firewall in force: what was last applied is remembered, so that a change costs what it changes and nothing else.
 *
 * @module
 */
import {
  buildTables,
  containerElements,
  type FirewallAcl,
  type FirewallAllow,
  type FirewallChange,
  type FirewallContainer,
  type FirewallModel,
  type FirewallNetwork,
  type FirewallPolicy,
  type FirewallTables,
  hasMute,
  type NftElement,
  type NftTable,
  planDifference,
  policyElements,
  replaceCommands,
  STATIC_OWNER,
} from "../../firewall/index.ts";
import {
  applySteps,
  type IptablesApply,
  type JournalEntry,
  type KernelSession,
  type NetworkStep,
} from "../../kernel/index.ts";
import { type FirewallBackend, IptablesPrints, iptablesSteps, ownedByNft, planOtherBackends } from "./backend.ts";
import { type FirewallDrift, inspectFirewall, isInOrder, TableOutlines } from "./inspect-firewall.ts";
import { localhostBridges, planRouteLocalnet } from "./localhost.ts";

/** What a {@link Firewall} works with. */
export interface FirewallOptions {
  session: KernelSession;
  journal: (entry: JournalEntry) => void;
  /** Default `nft`. */
  backend?: FirewallBackend;
}

const NOTHING: FirewallContainer = { endpoints: [], ports: [] };

/** The rules of one netd. Each call is one transaction; when the kernel refuses it, it throws and nothing has changed. */
export class Firewall {
  readonly #options: FirewallOptions;
  readonly #backend: FirewallBackend;
  readonly #outlines = new TableOutlines();
  readonly #prints = new IptablesPrints();
  /** What iptables was last given. */
  #given: readonly IptablesApply[] = [];
  #policy: FirewallPolicy = { networks: [], allows: [], acls: [] };
  #containers = new Map<string, FirewallContainer>();
  #elements = new Map<string, readonly NftElement[]>([[STATIC_OWNER, []]]);
  #tables: readonly NftTable[] = [];
  /** Containers that may open no connection. */
  #muted = new Set<string>();
  /** Bridges with ports that localhost leads to, and the containers that have them. */
  readonly #localhost = new Map<string, Set<string>>();

  constructor(options: FirewallOptions) {
    this.#options = options;
    this.#backend = options.backend ?? "nft";
    this.#tables = this.#buildTables(this.#policy, false);
  }

  /**
   * Begin: bring the kernel to what is wanted. Nothing is done where it has it already.
   *
   * @throws {NetdError} NFT_FAILED
   */
  load(policy: FirewallPolicy, containers: Iterable<readonly [id: string, FirewallContainer]>): void {
    this.#remember(policy, new Map(containers));
    this.heal();
    this.#apply([...this.#localhost.keys()].map((bridge) => planRouteLocalnet(bridge, true)));
  }

  /** Remove the rules that a netd with another backend left, once ours are in force. @throws {NetdError} NFT_FAILED, IPTABLES_FAILED */
  removeOthers(): void {
    this.#apply(planOtherBackends(this.#options.session.nftables(), this.#backend));
  }

  /** Put all in force that concerns no container alone. @throws {NetdError} NFT_FAILED */
  setNetworks(
    networks: readonly FirewallNetwork[],
    allows: readonly FirewallAllow[],
    acls: readonly FirewallAcl[],
  ): void {
    const before = { policy: this.#policy, containers: this.#containers, expected: this.expected() };
    this.#remember({ networks, allows, acls }, this.#containers);
    const after = this.expected();
    try {
      this.#commit(
        planDifference({
          tables: { before: before.expected.tables, after: after.tables },
          before: [...before.expected.elements.values()].flat(),
          after: [...after.elements.values()].flat(),
        }),
      );
    } catch (error) {
      this.#remember(before.policy, before.containers);
      throw error;
    }
  }

  /** What {@link setNetworks} would do. */
  previewNetworks(
    networks: readonly FirewallNetwork[],
    allows: readonly FirewallAllow[],
    acls: readonly FirewallAcl[],
  ): NetworkStep[] {
    const [before, other] = [this.expected(), new Firewall(this.#options)];
    other.#remember({ networks, allows, acls }, this.#containers);
    const change = planDifference({
      tables: { before: before.tables, after: other.#tables },
      before: [...before.elements.values()].flat(),
      after: [...other.#elements.values()].flat(),
    });
    return [...stepsOf(change), ...this.#notGiven(other.#iptables())];
  }

  /**
   * Put all in force that concerns one container, after `steps`; an empty one is forgotten.
   *
   * @throws {NetdError} NFT_FAILED
   */
  setContainer(id: string, container: FirewallContainer, steps: readonly NetworkStep[] = []): void {
    const before = this.#stateOf(id);
    const after = this.#planContainer(id, container);
    this.#rememberContainer(id, container, after.elements);
    try {
      this.#commit(after.change, [...steps, ...after.steps]);
    } catch (error) {
      this.#rememberContainer(id, before.container, before.elements);
      throw error;
    }
  }

  /** What puts a container in force of which nothing is yet. */
  preview(container: FirewallContainer): NetworkStep[] {
    const change = planDifference({ before: [], after: this.#containerElements(container) });
    const bridges = new Set(localhostBridges(container, this.#policy));
    return [
      ...[...bridges].map((bridge) => planRouteLocalnet(bridge, true)),
      ...stepsOf(change),
      ...this.#iptablesWith("", container),
    ];
  }

  /** What {@link setContainer} would do. */
  previewChange(id: string, container: FirewallContainer): NetworkStep[] {
    const { change, steps } = this.#planContainer(id, container);
    return [...steps, ...stepsOf(change), ...this.#notGiven(this.#iptablesWith(id, container))];
  }

  /** What is in force for one container. */
  containerState(id: string): FirewallContainer {
    return this.#containers.get(id) ?? NOTHING;
  }

  /** What is in force for all. */
  get policy(): FirewallPolicy {
    return this.#policy;
  }

  /** What the kernel should have in nftables. */
  expected(): FirewallTables {
    return { tables: this.#tables, elements: this.#elements };
  }

  /** Kernel parameters that published ports need, and their values. */
  expectedSysctls(): { key: string; value: string }[] {
    return [...this.#localhost.keys()].map((bridge) => ({ key: `net/ipv4/conf/${bridge}/route_localnet`, value: "1" }));
  }

  /** What the kernel has differently. @throws {NetdError} NFT_FAILED */
  inspect(): FirewallDrift {
    const { session } = this.#options;
    const drift = inspectFirewall(this.expected(), { nftables: session.nftables(), outlines: this.#outlines });
    const tools = this.#iptables()
      .filter((step) => !this.#prints.isInForce(step))
      .map(({ tool }) => tool);
    return tools.length === 0 ? drift : { ...drift, tools };
  }

  /** Put back what the kernel has differently, in one transaction; what that was. @throws {NetdError} NFT_FAILED */
  heal(): FirewallDrift {
    const drift = this.inspect();
    this.#apply(this.mendSteps(drift));
    this.#given = this.#iptables();
    return drift;
  }

  /** What puts back what the kernel has differently, in one transaction. */
  mendSteps(drift: FirewallDrift): NetworkStep[] {
    if (isInOrder(drift)) return [];
    const chains = this.#iptables().filter(({ tool }) => drift.tools?.includes(tool));
    if (drift.gone.length + drift.changed.length > 0) return [this.#replacement(), ...chains];
    return [...stepsOf(planDifference({ before: drift.foreign, after: drift.missing })), ...chains];
  }

  #stateOf(id: string): { container: FirewallContainer; elements: readonly NftElement[] } {
    return { container: this.containerState(id), elements: this.#elements.get(id) ?? [] };
  }

  #planContainer(id: string, container: FirewallContainer) {
    const before = this.#stateOf(id);
    const elements = this.#containerElements(container);
    const muted = this.#muted.size - (this.#muted.has(id) ? 1 : 0) + (hasMute(container) ? 1 : 0);
    const isChanging = muted > 0 !== this.#muted.size > 0;
    const change = planDifference({
      ...(isChanging ? { tables: { before: this.#tables, after: this.#buildTables(this.#policy, muted > 0) } } : {}),
      before: before.elements,
      after: elements,
    });
    return { elements, change, steps: this.#planLocalhost(id, container) };
  }

  #rememberContainer(id: string, container: FirewallContainer, elements: readonly NftElement[]): void {
    const wasMuting = this.#muted.size > 0;
    if (elements.length === 0 && container.endpoints.length === 0 && container.ports.length === 0) {
      this.#containers.delete(id);
      this.#elements.delete(id);
    } else {
      this.#containers.set(id, container);
      this.#elements.set(id, elements);
    }
    this.#rememberLocalhost(id, container);
    if (hasMute(container)) this.#muted.add(id);
    else this.#muted.delete(id);
    if (wasMuting !== this.#muted.size > 0) this.#tables = this.#buildTables(this.#policy, !wasMuting);
  }

  #remember(policy: FirewallPolicy, containers: Map<string, FirewallContainer>): void {
    this.#policy = policy;
    this.#containers = containers;
    this.#muted = new Set([...containers].filter(([, container]) => hasMute(container)).map(([id]) => id));
    this.#tables = this.#buildTables(policy, this.#muted.size > 0);
    this.#elements = new Map([[STATIC_OWNER, ownedByNft(this.#backend, policyElements(policy))]]);
    this.#localhost.clear();
    for (const [id, container] of containers) {
      this.#elements.set(id, this.#containerElements(container));
      this.#rememberLocalhost(id, container);
    }
  }

  /**
   * Apply a difference. The kernel refuses one that does not fit what it has: when somebody else has changed that, all is replaced, and what
   * was wanted is in force as well.
   */
  #commit(change: FirewallChange, steps: readonly NetworkStep[] = []): void {
    const wanted = this.#iptables();
    try {
      this.#apply([...steps, ...stepsOf(change), ...this.#notGiven(wanted)]);
    } catch (error) {
      try {
        this.#apply([...steps, this.#replacement(), ...wanted]);
      } catch {
        throw error;
      }
    }
    this.#given = wanted;
  }

  #buildTables(policy: FirewallPolicy, isMuting: boolean): readonly NftTable[] {
    return ownedByNft(this.#backend, buildTables(policy, isMuting));
  }

  #containerElements(container: FirewallContainer): readonly NftElement[] {
    return ownedByNft(this.#backend, containerElements(this.#policy, container));
  }

  /** What iptables should have now; nothing with the backend nft. */
  #iptables(): IptablesApply[] {
    return this.#backend === "nft" ? [] : iptablesSteps(this.#backend, this.#model(this.#containers));
  }

  /** Those whose rules differ from what iptables was given last. */
  #notGiven(steps: readonly IptablesApply[]): IptablesApply[] {
    return steps.filter((step, index) => JSON.stringify(step) !== JSON.stringify(this.#given[index]));
  }

  /** The same with one container as it would be. */
  #iptablesWith(id: string, container: FirewallContainer): IptablesApply[] {
    if (this.#backend === "nft") return [];
    return iptablesSteps(this.#backend, this.#model(new Map([...this.#containers, [id, container]])));
  }

  #model(containers: ReadonlyMap<string, FirewallContainer>): FirewallModel {
    // In an order that the next netd has, too: what is in force already is not loaded again.
    const all = [...containers].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, container]) => container);
    return {
      ...this.#policy,
      endpoints: all.flatMap(({ endpoints }) => endpoints),
      ports: all.flatMap(({ ports }) => ports),
    };
  }

  #planLocalhost(id: string, container: FirewallContainer): NetworkStep[] {
    const wanted = new Set(localhostBridges(container, this.#policy));
    const come = [...wanted].filter((bridge) => !this.#localhost.has(bridge));
    const gone = [...this.#localhost].filter(([bridge, ids]) => !wanted.has(bridge) && ids.size === 1 && ids.has(id));
    return [
      ...come.map((bridge) => planRouteLocalnet(bridge, true)),
      ...gone.map(([bridge]) => planRouteLocalnet(bridge, false)),
    ];
  }

  #rememberLocalhost(id: string, container: FirewallContainer): void {
    for (const [bridge, ids] of this.#localhost) {
      ids.delete(id);
      if (ids.size === 0) this.#localhost.delete(bridge);
    }
    for (const bridge of localhostBridges(container, this.#policy)) {
      const ids = this.#localhost.get(bridge) ?? new Set();
      this.#localhost.set(bridge, ids.add(id));
    }
  }

  #replacement(): NetworkStep {
    return { op: "nft.apply", commands: replaceCommands(this.expected()), undo: [] };
  }

  #apply(steps: readonly NetworkStep[]): void {
    if (steps.length === 0) return;
    const { session, journal } = this.#options;
    applySteps(steps, { session, journal });
  }
}

function stepsOf(change: FirewallChange): NetworkStep[] {
  return change.commands.length === 0 ? [] : [{ op: "nft.apply", ...change }];
}
