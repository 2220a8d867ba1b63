/**
 * What one network's resolver knows of itself: members, their names and addresses, and whose `--dns` names other upstreams.
 *
 * @module
 */
import { canonicalAddress, hasAddress, type IpSubnet, parseIpSubnet } from "../address/index.ts";
import type { ZoneDocument, ZoneMember } from "./protocol.ts";
import { parseReverseName } from "./reverse-name.ts";

/** Domain in which every container name is also known; ours alone, as `.internal` is set aside for private use. */
export const ZONE_DOMAIN = "netd.internal";

/** Names of one network, changed in place while its sockets stay. */
export class Zone {
  readonly network: string;
  readonly listen: readonly string[];
  #subnets: IpSubnet[] = [];
  #domains: string[] = [];
  #upstreams: string[] = [];
  #isInternal = false;
  #members = new Map<string, ZoneMember>();
  /** Lower-case name or alias to the ids of who has it, the first come first. */
  #ids = new Map<string, Set<string>>();
  /** Address to the id of who has it. */
  #holders = new Map<string, string>();

  /** @throws {NetdError} ADDRESS_INVALID, SUBNET_INVALID */
  constructor(document: ZoneDocument) {
    this.network = document.network;
    this.listen = document.listen.map(canonicalAddress);
    this.replace(document);
  }

  /** Take over everything of `document` at once; network and addresses are those of the zone. @throws {NetdError} as the constructor */
  replace({ subnets, domain, upstreams, isInternal, members }: ZoneDocument): void {
    const parsed = subnets.map(parseIpSubnet);
    const checked = members.map(checkMember);
    upstreams.forEach(checkUpstream);
    this.#subnets = parsed;
    this.#domains = [ZONE_DOMAIN, ...(domain === undefined ? [] : [domain.toLowerCase()])];
    this.#upstreams = upstreams;
    this.#isInternal = isInternal;
    this.#members = new Map();
    this.#ids = new Map();
    this.#holders = new Map();
    for (const member of checked) this.#add(member);
  }

  /** Add a member, or put it in the place of the one with its id; its addresses are its own from now on. @throws {NetdError} ADDRESS_INVALID */
  upsert(member: ZoneMember): void {
    const checked = checkMember(member);
    this.remove(member.id);
    this.#add(checked);
  }

  /** Take a member away; does nothing when it is not there. */
  remove(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    for (const name of namesOf(member)) {
      const ids = this.#ids.get(name);
      ids?.delete(id);
      if (ids?.size === 0) this.#ids.delete(name);
    }
    // An address may have gone to another member already.
    for (const address of member.addresses) if (this.#holders.get(address) === id) this.#holders.delete(address);
  }

  /** The addresses of a lower-case name, with a domain of the zone behind it or not; undefined when nobody has it. */
  addressesOf(name: string): string[] | undefined {
    const ids = this.#ids.get(name) ?? this.#ids.get(this.#withoutDomain(name));
    return ids === undefined ? undefined : [...ids].flatMap((id) => this.#members.get(id)?.addresses ?? []);
  }

  /** What a reverse name means here: a container, an address of ours that nobody has, or nothing of ours. */
  reverse(name: string): { name: string } | "free" | "foreign" {
    const parsed = parseReverseName(name);
    if (parsed === undefined) return "foreign";
    const holder = this.memberAt(parsed.text);
    if (holder !== undefined) return { name: holder.name };
    return this.#subnets.some((subnet) => hasAddress(subnet, parsed.address)) ? "free" : "foreign";
  }

  /** The member that has an address. */
  memberAt(address: string): ZoneMember | undefined {
    const id = this.#holders.get(address);
    return id === undefined ? undefined : this.#members.get(id);
  }

  hasMember(id: string): boolean {
    return this.#members.has(id);
  }

  /** Upstreams of its members; empty: the host's. */
  get upstreams(): readonly string[] {
    return this.#upstreams;
  }

  get isInternal(): boolean {
    return this.#isInternal;
  }

  #withoutDomain(name: string): string {
    const domain = this.#domains.find((known) => name.endsWith(`.${known}`));
    return domain === undefined ? name : name.slice(0, -domain.length - 1);
  }

  #add(member: ZoneMember): void {
    this.#members.set(member.id, member);
    for (const name of namesOf(member)) {
      const ids = this.#ids.get(name);
      if (ids === undefined) this.#ids.set(name, new Set([member.id]));
      else ids.add(member.id);
    }
    for (const address of member.addresses) {
      const former = this.#holders.get(address);
      if (former !== undefined && former !== member.id) this.remove(former);
      this.#holders.set(address, member.id);
    }
  }
}

/** Check a member's addresses and write them in their canonical form. @throws {NetdError} ADDRESS_INVALID */
function checkMember(member: ZoneMember): ZoneMember {
  member.upstreams?.forEach(checkUpstream);
  return { ...member, addresses: member.addresses.map(canonicalAddress) };
}

/** The interface behind a link-local one is its own affair. */
function checkUpstream(server: string): void {
  canonicalAddress(server.split("%")[0] ?? server);
}

function namesOf({ name, aliases }: ZoneMember): Set<string> {
  return new Set([name, ...aliases].map((each) => each.toLowerCase()));
}
