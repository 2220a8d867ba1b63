/**
 * Attributes that hold attributes (netlink(7), NLA_F_NESTED; linux/netlink.h).
 *
 * @module
 */
import type { AttrStream, StreamData } from "netlink/dist/structs.js";
import { encode } from "./link-message.ts";

const NLA_F_NESTED = 1 << 15;
const TYPE_AT = 2;

/** Push an attribute that says that it holds others, as newer interfaces insist; `AttrStream` by itself says so of none. */
export function pushNested(out: AttrStream, type: number, inner: StreamData): void {
  out.push(type, encode(inner));
  // What was emitted last: the header, and the data as one buffer.
  const header = out.bufs.at(-2) as Buffer;
  header.writeUInt16LE(type | NLA_F_NESTED, TYPE_AT);
}
