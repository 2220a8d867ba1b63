import type { ZoneDocument, ZoneMember } from "../../src/dns/index.ts";

/** A member of a zone; its id is its name unless told otherwise. */
export function zoneMemberOf(name: string, addresses: string[], more: Partial<ZoneMember> = {}): ZoneMember {
  return { id: name, name, aliases: [], addresses, ...more };
}

/** A zone without members that listens on one address. */
export function zoneDocumentOf(network: string, listen: string, more: Partial<ZoneDocument> = {}): ZoneDocument {
  return { network, listen: [listen], subnets: [], upstreams: [], isInternal: false, members: [], ...more };
}
