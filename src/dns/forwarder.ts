/**
 * Questions that are not ours, put to upstreams until one knows.
 *
 * @module
 */
import { exchange } from "./exchange.ts";
import { formatRefusal, RCODE } from "./reply.ts";

/** Limits of a {@link Forwarder}; all have defaults. */
export interface ForwarderOptions {
  /** Port of every upstream. */
  port?: number;
  /** How long one upstream may take, in milliseconds. */
  timeoutMs?: number;
  /** Questions under way at a time, of all clients and of one; beyond, the answer is SERVFAIL at once. */
  maxInFlight?: number;
  maxInFlightPerClient?: number;
  /** How one upstream is asked. */
  exchange?: typeof exchange;
}

/** Forwards questions, a bounded number at a time. */
export class Forwarder {
  readonly #options: Required<ForwarderOptions>;
  readonly #inFlight = new Map<string, number>();
  #total = 0;
  /** Upstream that answered last: asked first next time, so that a dead one costs its timeout once. */
  #lastGood: string | undefined;

  constructor(options: ForwarderOptions = {}) {
    this.#options = { port: 53, timeoutMs: 2_000, maxInFlight: 1_000, maxInFlightPerClient: 200, exchange, ...options };
  }

  /** Ask `upstreams` in turn; SERVFAIL when none works. Never rejects. */
  async forward(query: Buffer, upstreams: readonly string[], client: string): Promise<Buffer> {
    const { maxInFlight, maxInFlightPerClient } = this.#options;
    const mine = this.#inFlight.get(client) ?? 0;
    if (this.#total >= maxInFlight || mine >= maxInFlightPerClient) return formatRefusal(query, "SERVFAIL");
    this.#inFlight.set(client, mine + 1);
    this.#total += 1;
    try {
      return await this.#ask(query, upstreams);
    } finally {
      this.#total -= 1;
      const left = this.#inFlight.get(client)! - 1; // set above
      if (left === 0) this.#inFlight.delete(client);
      else this.#inFlight.set(client, left);
    }
  }

  async #ask(query: Buffer, upstreams: readonly string[]): Promise<Buffer> {
    const { port, timeoutMs, exchange: ask } = this.#options;
    let failure: Buffer | undefined;
    for (const server of this.#inOrder(upstreams)) {
      try {
        const reply = await ask(query, { server, port, timeoutMs });
        const rcode = reply[3]! & 0x0f; // a reply has a header
        if (rcode !== RCODE.SERVFAIL && rcode !== RCODE.REFUSED) {
          this.#lastGood = server;
          return reply;
        }
        failure ??= reply;
      } catch {
        // The next one may be alive.
      }
    }
    return failure ?? formatRefusal(query, "SERVFAIL");
  }

  #inOrder(upstreams: readonly string[]): readonly string[] {
    const last = this.#lastGood;
    if (last === undefined || !upstreams.includes(last)) return upstreams;
    return [last, ...upstreams.filter((server) => server !== last)];
  }
}
