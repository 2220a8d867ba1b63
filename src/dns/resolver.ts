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
import { formatReply, truncateReply, udpLimit } from "./reply.ts";
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
  listeners: DnsListener[];
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
      await closeAll(added.flatMap(({ listeners }) => listeners));
      throw error;
    }
    const next = new Map(added.map((served) => [served.zone.network, served]));
    for (const document of documents) {
      const kept = this.#served.get(document.network);
      // Added anew when it listens elsewhere.
      if (kept === undefined || next.has(document.network)) continue;
      kept.zone.replace(document);
      next.set(document.network, kept);
    }
    const gone = [...this.#served.values()].filter((served) => next.get(served.zone.network) !== served);
    this.#served = next;
    await closeAll(gone.flatMap(({ listeners }) => listeners));
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

  #kept({ network, listen }: { network: string; listen: readonly string[] }): ServedZone | undefined {
    const served = this.#served.get(network);
    return served?.zone.listen.join() === listen.join() ? served : undefined;
  }

  async #open(zone: Zone): Promise<ServedZone> {
    const handle = (query: Buffer, client: DnsClientAddress) => this.#handle(query, client, zone);
    const listeners: DnsListener[] = [];
    try {
      for (const address of zone.listen) {
        listeners.push(await openDnsListener({ address, port: this.#options.port ?? 53, handle }));
      }
    } catch (error) {
      await closeAll(listeners);
      throw error;
    }
    return { zone, listeners };
  }

  #handle(bytes: Buffer, client: DnsClientAddress, zone: Zone): Buffer | undefined | Promise<Buffer> {
    const { zones, upstreams } = this.#viewOf(client.address, zone);
    const result = answerQuery(bytes, zones);
    if (result === "ignore") return undefined;
    if ("reply" in result) return result.reply;
    if (upstreams === "none") return formatReply(result.forward, { rcode: "REFUSED" });
    const limit = client.transport === "tcp" ? Number.POSITIVE_INFINITY : udpLimit(result.forward);
    return this.#options.forwarder
      .forward(bytes, upstreams, client.address)
      .then((reply) => truncateReply(reply, limit));
  }

  /**
   * What a client gets to know: the names of all networks that it is in, that of the address where it asks first; somebody who is in none, such as the
   * host, those of the network of that address. In internal networks only, and for a member that is confined, nobody else is asked.
   */
  #viewOf(client: string, asked: Zone): { zones: readonly Zone[]; upstreams: readonly string[] | "none" } {
    const all = [...this.#served.values()].map((served) => served.zone);
    const member = asked.memberAt(client) ?? all.find((zone) => zone.memberAt(client) !== undefined)?.memberAt(client);
    const zones = member === undefined ? [asked] : all.filter((zone) => zone.hasMember(member.id));
    const ordered = [...zones].sort((a, b) => Number(b === asked) - Number(a === asked));
    if (member?.isConfined === true || zones.every((zone) => zone.isInternal))
      return { zones: ordered, upstreams: "none" };
    const named = ordered.map((zone) => zone.upstreams).find((servers) => servers.length > 0);
    const servers = member?.upstreams ?? named ?? this.#options.hostUpstreams();
    return {
      zones: ordered,
      upstreams: withoutOwn(
        servers,
        all.flatMap((zone) => zone.listen),
      ),
    };
  }
}

async function closeAll(listeners: readonly DnsListener[]): Promise<void> {
  for (const listener of listeners) await listener[Symbol.asyncDispose]();
}

/** Leave out addresses at which we listen, or that mean any: the question would come back for ever. */
export function withoutOwn(upstreams: readonly string[], own: readonly string[]): readonly string[] {
  return upstreams.filter((server) => !own.includes(server) && server !== "0.0.0.0" && server !== "::");
}
