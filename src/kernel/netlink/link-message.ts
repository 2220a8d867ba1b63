/**
 * The bytes of messages about links (rtnetlink(7), RTM_NEWLINK).
 *
 * @module
 */
import type { LinkAttrs } from "netlink/dist/rt/ifla.js";
import { formatLinkMessage, type Link } from "netlink/dist/rt/structs.js";
import { AttrStream, type StreamData } from "netlink/dist/structs.js";

/** Header and attributes that say which link is meant. */
export function identify(link: string | number): [Link, LinkAttrs] {
  return typeof link === "number" ? [{ index: link }, {}] : [{}, { ifname: link }];
}

/** Writes an RTM_*LINK message after its netlink header. */
export function linkMessage(data: Link, ...attrs: LinkAttrs[]): (out: AttrStream) => void {
  return (out) => formatLinkMessage({ kind: "link", data, attrs: Object.assign({}, ...attrs) }, out);
}

/** The bytes of attributes. */
export function encode(data: StreamData): Buffer {
  const out = new AttrStream();
  out.emit(data);
  return Buffer.concat(out.bufs);
}
