/**
 * Keeps the way open for our networks beside firewalls of others, as far as their owners leave a place for that.
 *
 * @module
 */
import { applySteps, type JournalEntry, type KernelSession, type NetworkStep } from "../../kernel/index.ts";
import type { Logger } from "../../logger.ts";
import { planDockerAccept, planDockerRemoval } from "./docker-user.ts";
import { type FindBlocksOptions, type ForeignBlock, findForeignBlocks } from "./find-blocks.ts";
import { readForeignTables } from "./read-foreign.ts";

/** Name of our own tables in nf_tables. */
const OWN_TABLE = "netd";

/** What {@link ForeignAccess} works with. */
export interface ForeignAccessOptions {
  instance: string;
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

  /**
   * Bring our accept in docker's tables to the bridges that there are; does nothing where it is right, or where there is no docker.
   *
   * A failure is told and passed over: a network that somebody else's firewall blocks is no reason to have none. Returns the steps that were done.
   */
  sync(bridges: readonly string[]): NetworkStep[] {
    const { instance, session, journal, logger } = this.#options;
    try {
      const tables = readForeignTables(session.nftables(), { ownTable: OWN_TABLE });
      const steps = planDockerAccept(tables, { instance, bridges });
      applySteps(steps, { journal, session });
      if (steps.length > 0) logger.info({ bridges }, "docker lets our networks pass");
      return steps;
    } catch (error) {
      logger.warn({ err: error }, "cannot look after the firewalls of others");
      return [];
    }
  }

  /** What others' rules stop. @throws {NetdError} NFT_FAILED, IPTABLES_FAILED */
  findBlocks(options: FindBlocksOptions): ForeignBlock[] {
    return findForeignBlocks(readForeignTables(this.#options.session.nftables(), { ownTable: OWN_TABLE }), options);
  }
}

/** Plan the removal of what {@link ForeignAccess.sync} left with others. @throws {NetdError} NFT_FAILED, IPTABLES_FAILED */
export function planForeignRemoval(session: KernelSession, instance: string): NetworkStep[] {
  return planDockerRemoval(readForeignTables(session.nftables(), { ownTable: OWN_TABLE }), instance);
}
