/**
 * The resolver: zones, each with its sockets, and the way to the upstreams.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import { answerQuery } from "./answer.ts";
import { type DnsClientAddress, type DnsListener, openDnsListener } from "./dns-listener.ts";
import type { Forwarder } from "./forwarder.ts";
import type { ZoneDocument } from "./protocol.ts";
import { truncateReply, udpLimit } from "./reply.ts";
import { Zone } from "./zone.ts";

/** What {@link Resolver} gets from outside. */
export interface ResolverOptions {
  /** The host's upstreams at this moment. */
  hostUpstreams: () => readonly string[];
  forwarder: Forwarder;
  /** Port of every zone; 53 but in tests. */
  port?: number;
}

interface ServedZone {
  zone: Zone;
  listener: DnsListener;
}

/** Answers on every bridge. A zone's sockets live as long as the zone, whatever happens to its names. */
export class Resolver implements AsyncDisposable {
  readonly #options: ResolverOptions;
  #served = new Map<string, ServedZone>();

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /**
   * Serve exactly these zones from now on. Sockets of zones that keep their network and address stay open.
   *
   * @throws {NetdError} DNS_LISTEN_FAILED, ADDRESS_INVALID, SUBNET_INVALID, and everything is as before
   */
  async setZones(documents: readonly ZoneDocument[]): Promise<void> {
    const added: ServedZone[] = [];
    const zones = documents.map((document) => new Zone(document));
    try {
      for (const zone of zones) {
        if (this.#kept(zone) === undefined) added.push(await this.#open(zone));
      }
    } catch (error) {
      for (const { listener } of added) await listener[Symbol.asyncDispose]();
      throw error;
    }
    const next = new Map(added.map((served) => [served.zone.network, served]));
    for (const document of documents) {
      const kept = this.#kept(document);
      if (kept === undefined) continue;
      kept.zone.replace(document);
      next.set(document.network, kept);
    }
    const gone = [...this.#served.values()].filter((served) => next.get(served.zone.network) !== served);
    this.#served = next;
    for (const { listener } of gone) await listener[Symbol.asyncDispose]();
  }

  /** The names of one network, to be changed in place. @throws {NetdError} NETWORK_UNKNOWN */
  zone(network: string): Zone {
    const served = this.#served.get(network);
    if (served !== undefined) return served.zone;
    throw new NetdError(
      "NETWORK_UNKNOWN",
      `Cannot change names in network '${network}': the resolver has none of that name`,
      {
        remedy: "Restart netd; it tells the resolver all networks when it starts",
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.setZones([]);
  }

  #kept({ network, listen }: { network: string; listen: string }): ServedZone | undefined {
    const served = this.#served.get(network);
    return served?.zone.listen === listen ? served : undefined;
  }

  async #open(zone: Zone): Promise<ServedZone> {
    const handle = (query: Buffer, client: DnsClientAddress) => this.#handle(query, client, zone);
    const listener = await openDnsListener({ address: zone.listen, port: this.#options.port ?? 53, handle });
    return { zone, listener };
  }

  #handle(bytes: Buffer, client: DnsClientAddress, zone: Zone): Buffer | undefined | Promise<Buffer> {
    const result = answerQuery(bytes, zone);
    if (result === "ignore") return undefined;
    if ("reply" in result) return result.reply;
    const limit = client.transport === "tcp" ? Number.POSITIVE_INFINITY : udpLimit(result.forward);
    return this.#options.forwarder
      .forward(bytes, this.#upstreamsFor(client.address, zone), client.address)
      .then((reply) => truncateReply(reply, limit));
  }

  #upstreamsFor(client: string, zone: Zone): readonly string[] {
    const own = [...this.#served.values()].map((served) => served.zone.listen);
    return withoutOwn(zone.upstreamsOf(client) ?? this.#options.hostUpstreams(), own);
  }
}

/** Leave out addresses at which we listen, or that mean any: the question would come back for ever. */
export function withoutOwn(upstreams: readonly string[], own: readonly string[]): readonly string[] {
  return upstreams.filter((server) => !own.includes(server) && server !== "0.0.0.0" && server !== "::");
}
