/**
 * Unsolicited neighbour advertisements: one packet that tells every neighbour which MAC has an IPv6 address now (RFC 4861, 4.4 and 7.2.6).
 *
 * @module
 */
import { macBytes } from "../../address/index.ts";
import { parseIp } from "../netlink/index.ts";
import { formatIcmpv6 } from "./icmpv6.ts";
import { sendFrame } from "./packet-socket.ts";

/** Who has an IPv6 address now. */
export interface NaAnnouncement {
  /** Index of the link through which the announcement leaves; it is up. */
  index: number;
  /** IPv6 address. */
  address: string;
  mac: string;
  isRouter?: boolean | undefined;
}

// RFC 4861, 4.4 and 4.6.1
const ND_NEIGHBOR_ADVERT = 136;
const FLAG_ROUTER = 0x80000000;
const FLAG_OVERRIDE = 0x20000000;
const ND_OPT_TARGET_LINKADDR = 2;
const ALL_NODES = "ff02::1";

/** Build the Ethernet frame: from the address, to all nodes, overriding what they had in mind. */
export function formatUnsolicitedNa({ address, mac, isRouter = false }: Omit<NaAnnouncement, "index">): Buffer {
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE((FLAG_OVERRIDE + (isRouter ? FLAG_ROUTER : 0)) >>> 0);
  const { bytes } = parseIp(address);
  const option = Buffer.concat([Buffer.of(ND_OPT_TARGET_LINKADDR, 1), macBytes(mac)]);
  return formatIcmpv6({
    ...{ sourceMac: mac, source: address, destination: ALL_NODES },
    ...{ type: ND_NEIGHBOR_ADVERT, body: Buffer.concat([flags, bytes, option]) },
  });
}

/** Send the announcement in the thread's network namespace. @throws {KernelError} ENETDOWN when the link is down */
export function announceNa(announcement: NaAnnouncement): void {
  const { index, address } = announcement;
  sendFrame(
    index,
    formatUnsolicitedNa(announcement),
    () => `send a neighbour advertisement for ${address} through link ${index}`,
  );
}
