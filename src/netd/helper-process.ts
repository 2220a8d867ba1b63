/**
 * Keeps one helper process (netd-runtime, netd-dns) alive and connected: finds it by its socket, starts it when it is not there, and starts it
 * again when it dies. Helpers run in sessions of their own and outlive netd.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay, setImmediate } from "node:timers/promises";
import { NetdError } from "../errors.ts";
import type { Logger } from "../logger.ts";

/** A connection to a helper; `closed` settles when it ends, for whatever reason. */
export interface HelperClient {
  readonly closed: Promise<void>;
  close(): void;
}

/** What a {@link HelperProcess} is made from. */
export interface HelperProcessOptions<C extends HelperClient> {
  name: string;
  /** Program and arguments; the program prints one line to standard output when it listens. */
  command: readonly string[];
  /** File that gets its standard error. */
  logFile: string;
  /** Connect to its socket. Rejects when nobody listens. */
  connect: () => Promise<C>;
  /** Make a new connection useful; the helper may be a new one that knows nothing, or an old one that went on without us. */
  onConnected: (client: C) => Promise<void>;
  logger: Logger;
}

/** Longest wait between two starts of a helper that keeps dying, in milliseconds. */
const MAX_BACKOFF_MS = 5_000;
/** How long a request waits for a helper that is being started, in milliseconds. */
const READY_TIMEOUT_MS = 10_000;

/** One helper process and the connection to it. */
export class HelperProcess<C extends HelperClient> {
  readonly #options: HelperProcessOptions<C>;
  readonly #waiting = new Set<(client: C) => void>();
  #current: C | undefined;
  #isStopping = false;

  constructor(options: HelperProcessOptions<C>) {
    this.#options = options;
  }

  /** Find or start the helper; rejects when that fails the first time. */
  async start(): Promise<void> {
    const client = await this.#connect();
    void this.#keep(client);
  }

  /** The connection, as soon as there is one. @throws {NetdError} RUNTIME_UNAVAILABLE after ten seconds without */
  async client(): Promise<C> {
    if (this.#current !== undefined) return this.#current;
    const { name, logFile } = this.#options;
    return await new Promise((resolve, reject) => {
      const take = (client: C): void => {
        clearTimeout(timer);
        this.#waiting.delete(take);
        resolve(client);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(take);
        const text = `Cannot reach ${name}: it does not start, a live one wanted`;
        reject(new NetdError("RUNTIME_UNAVAILABLE", text, { remedy: `Read ${logFile}` }));
      }, READY_TIMEOUT_MS);
      this.#waiting.add(take);
    });
  }

  /** The connection if there is one right now. */
  get current(): C | undefined {
    return this.#current;
  }

  /** Let go of the helper; it goes on. */
  stop(): void {
    this.#isStopping = true;
    this.#current?.close();
  }

  /** Wait for the end of each connection and make the next. */
  async #keep(first: C): Promise<void> {
    const { name, logger } = this.#options;
    let client: C | undefined = first;
    for (let failures = 0; ; ) {
      if (client !== undefined) {
        await client.closed;
        this.#current = undefined;
        if (this.#isStopping) return;
        logger.warn({ helper: name }, "helper is gone, starting it again");
      }
      try {
        client = await this.#connect();
        failures = 0;
      } catch (error) {
        client = undefined;
        failures++;
        logger.error({ helper: name, err: error }, "cannot start helper");
        await delay(Math.min(50 * 2 ** failures, MAX_BACKOFF_MS), undefined, { ref: false });
      }
      if (this.#isStopping) client?.close();
    }
  }

  async #connect(): Promise<C> {
    const client = (await this.#find()) ?? (await this.#startAnew());
    this.#current = client;
    for (const take of [...this.#waiting]) take(client);
    return client;
  }

  /** Connect to a helper that lives; one that dies while we talk to it counts as dead. */
  async #find(): Promise<C | undefined> {
    const client = await this.#options.connect().catch(() => undefined);
    if (client === undefined) return undefined;
    try {
      await this.#options.onConnected(client);
      return client;
    } catch (error) {
      const isDead = await Promise.race([client.closed.then(() => true), setImmediate(false)]);
      if (isDead) return undefined;
      client.close();
      throw error;
    }
  }

  async #startAnew(): Promise<C> {
    await this.#spawn();
    const client = await this.#options.connect();
    await this.#options.onConnected(client);
    return client;
  }

  /** Start the program and wait for the line that says it listens. */
  async #spawn(): Promise<void> {
    const { name, command, logFile } = this.#options;
    const log = openSync(logFile, "a", 0o640);
    try {
      const child = spawn(command[0]!, command.slice(1), { detached: true, stdio: ["ignore", "pipe", log], cwd: "/" });
      const lines = createInterface({ input: child.stdout! });
      const ended = once(child, "exit").then(([code, signal]) => {
        throw new NetdError(
          "RUNTIME_UNAVAILABLE",
          `Cannot start ${name}: it ended with ${signal ?? code}, a ready line wanted`,
          {
            remedy: `Read ${logFile}`,
          },
        );
      });
      ended.catch(() => {});
      await Promise.race([once(lines, "line"), ended, once(child, "error").then(([error]) => Promise.reject(error))]);
      lines.close();
      child.stdout!.destroy();
      child.unref();
    } finally {
      closeSync(log);
    }
  }
}
