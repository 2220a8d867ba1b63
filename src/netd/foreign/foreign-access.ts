/**
 * Keeps the way open for our networks beside firewalls of others, as far as their owners leave a place for that.
 *
 * @module
 */
import {
  applySteps,
  type IptablesSetChain,
  type JournalEntry,
  type KernelSession,
  type NetworkStep,
  Nftables,
} from "../../kernel/index.ts";
import type { Logger } from "../../logger.ts";
import type { NetworkRow } from "../network/network-row.ts";
import { planDockerAccept, planDockerRemoval } from "./docker-user.ts";
import type { ForeignTable } from "./foreign-rules.ts";
import { readForeignTables } from "./read-foreign.ts";

/** Name of our own tables in nf_tables. */
const OWN_TABLE = "netd";

/** What {@link ForeignAccess} works with. */
export interface ForeignAccessOptions {
  instance: string;
  networks: Iterable<Pick<NetworkRow, "kind" | "bridge">>;
  session: KernelSession;
  journal: (entry: JournalEntry) => void;
  logger: Logger;
}

/** One netd beside the firewalls of others. */
export class ForeignAccess {
  readonly #options: ForeignAccessOptions;

  constructor(options: ForeignAccessOptions) {
    this.#options = options;
  }

  /** Bring our accept in docker's tables to the networks that there are; does nothing where it is right, or where there is no docker. */
  sync(): void {
    const { session, journal, logger } = this.#options;
    const steps = this.plan();
    try {
      applySteps(steps, { journal, session });
      if (steps.length > 0) logger.info({}, "docker lets our networks pass");
    } catch (error) {
      logger.warn({ err: error }, "docker's rules can't be opened for our networks");
    }
  }

  /**
   * Plan what {@link sync} does; no steps where all is as it should be.
   *
   * That the rules of others can't be read is told and passed over: it is no reason to have no network.
   */
  plan(): IptablesSetChain[] {
    const { instance, networks, logger } = this.#options;
    const bridges = [...networks].filter(({ kind }) => kind === "bridge").map(({ bridge }) => bridge);
    try {
      return planDockerAccept(this.read(), { instance, bridges });
    } catch (error) {
      logger.warn({ err: error }, "the rules of others can't be read");
      return [];
    }
  }

  /** The tables of others that packets of ours pass. @throws {NetdError} NFT_FAILED, IPTABLES_FAILED */
  read(): ForeignTable[] {
    return readForeignTables(this.#options.session.nftables(), { ownTable: OWN_TABLE });
  }
}

/**
 * Whether somebody else has rules for forwarded packets, and so relies on the host forwarding them.
 *
 * Whoever came after us found forwarding on and had nothing to change or to remember.
 *
 * @throws {NetdError} NFT_FAILED, IPTABLES_FAILED
 */
export function hasForeignForwarding(): boolean {
  using nftables = Nftables.open();
  return readForeignTables(nftables, { ownTable: OWN_TABLE }).some(({ chains }) =>
    [...chains.values()].some(({ hook, rules }) => hook === "forward" && rules.length > 0),
  );
}

/** Plan the removal of what {@link ForeignAccess.sync} left with others. @throws {NetdError} NFT_FAILED, IPTABLES_FAILED */
export function planForeignRemoval(instance: string): NetworkStep[] {
  using nftables = Nftables.open();
  return planDockerRemoval(readForeignTables(nftables, { ownTable: OWN_TABLE }), instance);
}
