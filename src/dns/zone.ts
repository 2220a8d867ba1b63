/**
 * What one bridge's resolver knows of itself: names, addresses, and whose `--dns` names other upstreams.
 *
 * @module
 */
import { isIPv6 } from "node:net";
import { isInSubnet, parseIpv4, parseSubnet, type Subnet } from "../address/index.ts";
import type { ZoneDocument } from "./protocol.ts";

/** Domain in which every container name is also known; ours alone, as `.internal` is set aside for private use. */
export const ZONE_DOMAIN = "netd.internal";

const REVERSE = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/;

/** Names of one network, changed in place while its sockets stay. */
export class Zone {
  readonly network: string;
  readonly listen: string;
  #subnet: Subnet | undefined;
  /** Lower-case name to address. */
  #addresses = new Map<string, string>();
  /** Address to name. */
  #names = new Map<string, string>();
  #clientUpstreams = new Map<string, string[]>();

  /** @throws {NetdError} ADDRESS_INVALID, SUBNET_INVALID */
  constructor(document: ZoneDocument) {
    this.network = document.network;
    this.listen = document.listen;
    this.replace(document);
  }

  /** Take over everything of `document` at once; network and address are those of the zone. @throws {NetdError} as the constructor */
  replace(document: ZoneDocument): void {
    const { subnet, records, clientUpstreams } = document;
    const parsed = subnet === undefined ? undefined : parseSubnet(subnet);
    for (const address of [document.listen, ...Object.values(records)]) parseIpv4(address);
    Object.values(clientUpstreams).flat().forEach(checkUpstream);
    this.#subnet = parsed;
    this.#addresses = new Map(Object.entries(records).map(([name, address]) => [name.toLowerCase(), address]));
    this.#names = new Map(Object.entries(records).map(([name, address]) => [address, name]));
    this.#clientUpstreams = new Map(Object.entries(clientUpstreams));
  }

  /** Add a name or move it to another address. `upstreams` absent: the host's. @throws {NetdError} ADDRESS_INVALID */
  upsert(name: string, address: string, upstreams?: readonly string[]): void {
    parseIpv4(address);
    upstreams?.forEach(checkUpstream);
    this.remove(name);
    this.#addresses.set(name.toLowerCase(), address);
    this.#names.set(address, name);
    if (upstreams === undefined) this.#clientUpstreams.delete(address);
    else this.#clientUpstreams.set(address, [...upstreams]);
  }

  /** Take a name away; does nothing when it is not there. */
  remove(name: string): void {
    const address = this.#addresses.get(name.toLowerCase());
    if (address === undefined) return;
    this.#addresses.delete(name.toLowerCase());
    // The address may have gone to another name already.
    if (this.#names.get(address)?.toLowerCase() !== name.toLowerCase()) return;
    this.#names.delete(address);
    this.#clientUpstreams.delete(address);
  }

  /** The address of a lower-case name, with {@link ZONE_DOMAIN} behind it or not. */
  addressOf(name: string): string | undefined {
    const suffix = `.${ZONE_DOMAIN}`;
    return (
      this.#addresses.get(name) ??
      (name.endsWith(suffix) ? this.#addresses.get(name.slice(0, -suffix.length)) : undefined)
    );
  }

  /** What a reverse name means here: a container, an address of ours that nobody has, or nothing of ours. */
  reverse(name: string): { name: string } | "free" | "foreign" {
    const bytes = REVERSE.exec(name);
    if (bytes === null) return "foreign";
    const address = `${bytes[4]}.${bytes[3]}.${bytes[2]}.${bytes[1]}`;
    const holder = this.#names.get(address);
    if (holder !== undefined) return { name: holder };
    if (
      this.#subnet === undefined ||
      bytes.slice(1).some((byte) => Number(byte) > 255 || String(Number(byte)) !== byte)
    )
      return "foreign";
    return isInSubnet(parseIpv4(address), this.#subnet) ? "free" : "foreign";
  }

  /** Upstreams that the container at this address asked for; undefined: the host's. */
  upstreamsOf(client: string): readonly string[] | undefined {
    return this.#clientUpstreams.get(client);
  }
}

/** Upstreams may be IPv6, too. */
function checkUpstream(address: string): void {
  if (!isIPv6(address)) parseIpv4(address);
}
