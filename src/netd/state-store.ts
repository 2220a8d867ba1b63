/**
 * What netd must not forget, in SQLite: networks, containers, and what it changed on the host. Leases are in tables of `src/ipam` in the
 * same file, so that a container and its lease are written by one transaction.
 *
 * WAL with synchronous=FULL: a definition or a lease is on the disk before anyone hears of it. Changes of a process's state, and removals, are
 * written with synchronous=NORMAL: they survive the death of netd, and after a power cut no process is left for them to be true of.
 *
 * @module
 */
import Database from "libsql";
import type { ContainerSpec, ContainerState, HealthInfo, LaunchCounters, LogLoss, PortMapping } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import type { ImageConfig } from "../image/index.ts";
import type { EndpointRow } from "./endpoint/endpoint-row.ts";
import { makeNetworkId, type NetworkRow } from "./network/network-row.ts";
import { upgradeContainer, upgradeNetwork } from "./state-upgrade.ts";

/** One container as it is remembered. */
export interface ContainerRow {
  id: string;
  name: string;
  /** As asked for, with `name` filled in. */
  spec: ContainerSpec;
  hostname: string;
  /** The image as it was when the container was made; its name may have gone to another since. */
  image: { id: string; config: ImageConfig };
  /** What runs: the spec's command or the image's. */
  command: string[];
  /** Its mode: `none`, `host`, `container:ID`, or the name of the network that it was made in. */
  network: string;
  /** Its places in networks, that of the first one first. */
  endpoints: EndpointRow[];
  /** Published on the host; a port left to netd is one that was picked. */
  ports: PortMapping[];
  createdAt: string;
  state: ContainerState;
  pid?: number;
  /** Clock ticks since boot; with `pid` names one process for ever. */
  startTime?: number;
  exitCode?: number;
  /** The kernel killed one of its processes for want of memory. */
  oomKilled?: boolean;
  /** Its processes stand still; only while its state is `running`. */
  isPaused?: boolean;
  error?: string;
  startedAt?: string;
  finishedAt?: string;
  launch?: LaunchCounters;
  /** What its health checks found, as of the last change of its status. */
  health?: HealthInfo;
  /** Restarts by netd since a user started it. */
  restartCount?: number;
  /** The wait before its last restart, or before the one to come, in milliseconds. */
  restartDelayMs?: number;
  /** A user asked for its end; written before it is signalled. */
  isStoppedByUser?: boolean;
  /** What its log had no room for, as far as it was told. */
  logLoss?: LogLoss;
}

type Definition = Pick<
  ContainerRow,
  "id" | "name" | "spec" | "hostname" | "image" | "command" | "network" | "endpoints" | "ports" | "createdAt"
>;

const SCHEMA_VERSION = 2;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS networks (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS containers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL, state TEXT NOT NULL
  ) STRICT;
`;

/** The SQLite file of one netd. Every write throws STATE_WRITE_FAILED when the disk refuses it, and then nothing has changed. */
export class StateStore implements Disposable {
  readonly database: Database.Database;
  readonly #insert: Database.Statement<unknown[]>;
  readonly #update: Database.Statement<unknown[]>;
  readonly #updateAll: Database.Statement<unknown[]>;
  readonly #delete: Database.Statement<unknown[]>;
  readonly #setMeta: Database.Statement<unknown[]>;
  readonly #getMeta: Database.Statement<unknown[]>;

  /**
   * Open the file, or make it.
   *
   * @throws {NetdError} STATE_WRITE_FAILED when it can't be written, was made by a newer netd, or is not a database
   */
  constructor(path: string) {
    this.database = guard("open", path, () => {
      const database = new Database(path);
      database.pragma("journal_mode = WAL");
      database.pragma("synchronous = FULL");
      database.exec(SCHEMA);
      return database;
    });
    this.#insert = this.database.prepare("INSERT INTO containers (id, name, definition, state) VALUES (?, ?, ?, ?)");
    this.#update = this.database.prepare("UPDATE containers SET state = ? WHERE id = ?");
    this.#updateAll = this.database.prepare("UPDATE containers SET name = ?, definition = ?, state = ? WHERE id = ?");
    this.#delete = this.database.prepare("DELETE FROM containers WHERE id = ?");
    this.#setMeta = this.database.prepare(
      "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    this.#getMeta = this.database.prepare("SELECT value FROM meta WHERE key = ?");
    const version = this.getMeta("schema");
    if (version === undefined) this.setMeta("schema", String(SCHEMA_VERSION));
    else if (Number(version) > SCHEMA_VERSION) {
      throw new NetdError(
        "STATE_WRITE_FAILED",
        `Cannot use state '${path}': schema ${version}, at most ${SCHEMA_VERSION} wanted`,
        {
          remedy: "Start the newer netd that wrote it, or give another --state-dir",
        },
      );
    } else if (Number(version) < SCHEMA_VERSION) this.transact("schema", () => this.#upgrade());
  }

  /** Run `change` in one durable transaction; when it throws, nothing of it remains. */
  transact<T>(what: string, change: () => T): T {
    return guard("write", what, () => {
      this.database.exec("BEGIN IMMEDIATE");
      try {
        const result = change();
        this.database.exec("COMMIT");
        return result;
      } catch (error) {
        // On a full disk SQLite has taken it back already, and that error is the one to tell.
        if (this.database.inTransaction) this.database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /**
   * As {@link transact}, but a power cut may undo it: what is taken away comes back as it was, and can be taken away again.
   */
  transactLightly<T>(what: string, change: () => T): T {
    return this.#withoutSync(() => this.transact(what, change));
  }

  /** Run `change` in a transaction that is rolled back, and return what it returned. */
  preview<T>(change: () => T): T {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      return change();
    } finally {
      this.database.exec("ROLLBACK");
    }
  }

  getMeta(key: string): string | undefined {
    return (this.#getMeta.get(key) as { value: string } | undefined)?.value;
  }

  /** All that is remembered under keys that begin so. */
  listMeta(prefix: string): { key: string; value: string }[] {
    const rows = this.database.prepare("SELECT key, value FROM meta WHERE substr(key, 1, ?) = ? ORDER BY key");
    return rows.all(prefix.length, prefix) as { key: string; value: string }[];
  }

  setMeta(key: string, value: string): void {
    guard("write", key, () => this.#setMeta.run(key, value));
  }

  deleteMeta(key: string): void {
    guard("write", key, () => this.database.prepare("DELETE FROM meta WHERE key = ?").run(key));
  }

  listNetworks(): NetworkRow[] {
    const rows = this.database.prepare("SELECT document FROM networks ORDER BY name").all() as { document: string }[];
    return rows.map(({ document }) => JSON.parse(document) as NetworkRow);
  }

  saveNetwork(network: NetworkRow): void {
    const upsert = "INSERT INTO networks VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document";
    guard("write", network.name, () => this.database.prepare(upsert).run(network.name, JSON.stringify(network)));
  }

  /** Forget a network; its leases are forgotten by `Ipam`. */
  deleteNetwork(name: string): void {
    guard("write", name, () => this.database.prepare("DELETE FROM networks WHERE name = ?").run(name));
  }

  listContainers(): ContainerRow[] {
    const rows = this.database.prepare("SELECT definition, state FROM containers").all() as {
      definition: string;
      state: string;
    }[];
    return rows.map(({ definition, state }) => ({ ...JSON.parse(definition), ...JSON.parse(state) }) as ContainerRow);
  }

  /** Whether there is a container of that id. */
  hasContainer(id: string): boolean {
    return this.database.prepare("SELECT 1 FROM containers WHERE id = ?").get(id) !== undefined;
  }

  /** Add a container. Call it inside {@link transact}, together with its lease. */
  insertContainer(row: ContainerRow): void {
    const { definition, state } = splitRow(row);
    this.#insert.run(row.id, row.name, JSON.stringify(definition), JSON.stringify(state));
  }

  /** Write what the container's process does now. */
  updateContainerState(row: ContainerRow): void {
    const state = JSON.stringify(splitRow(row).state);
    guard("write", row.name, () => this.#withoutSync(() => this.#update.run(state, row.id)));
  }

  /** Write all of a container; on return it survives a power cut. */
  updateContainer(row: ContainerRow): void {
    const { definition, state } = splitRow(row);
    guard("write", row.name, () =>
      this.#updateAll.run(row.name, JSON.stringify(definition), JSON.stringify(state), row.id),
    );
  }

  /** Remove a container. Call it inside {@link transactLightly}, together with its lease. */
  deleteContainer(id: string): void {
    this.#delete.run(id);
  }

  /** Bring a file of version 1 to this version. */
  #upgrade(): void {
    const createdAt = new Date().toISOString();
    for (const network of this.listNetworks()) {
      const { subnet, gateway } = network;
      if (subnet === undefined || gateway === undefined) continue;
      const id = makeNetworkId();
      this.saveNetwork(upgradeNetwork({ ...network, subnet, gateway }, { id, createdAt }));
    }
    for (const container of this.listContainers()) this.updateContainer(upgradeContainer(container));
    this.setMeta("schema", String(SCHEMA_VERSION));
  }

  #withoutSync<T>(write: () => T): T {
    this.database.pragma("synchronous = NORMAL");
    try {
      return write();
    } finally {
      this.database.pragma("synchronous = FULL");
    }
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

/** What is fixed or rarely changed, and what the process does. */
function splitRow(row: ContainerRow): { definition: Definition; state: Omit<ContainerRow, keyof Definition> } {
  const { id, name, spec, hostname, image, command, network, endpoints, ports, createdAt, ...state } = row;
  return { definition: { id, name, spec, hostname, image, command, network, endpoints, ports, createdAt }, state };
}

function guard<T>(verb: string, what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof NetdError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new NetdError("STATE_WRITE_FAILED", `Cannot ${verb} state '${what}': ${text}, a writable database wanted`, {
      remedy: "Make room on the file system of the state directory (df -h) and check that it is writable",
      cause,
    });
  }
}
