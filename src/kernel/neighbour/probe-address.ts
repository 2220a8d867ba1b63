/**
 * Asks the neighbours behind a link whether one of them has an address, before we give it to somebody (RFC 5227, 2.1; RFC 4862, 5.4).
 *
 * The question comes from nobody, ARP from 0.0.0.0 and a neighbour solicitation from `::`, so that no neighbour notes anything because of it.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { getLink, parseIp, RtnetlinkSocket } from "../netlink/index.ts";
import { withNetns } from "../netns/netns.ts";
import { answerOfArp, formatArpProbe } from "./arp.ts";
import { answerOfNa, formatNsProbe, ONLY_ADVERTISEMENTS } from "./neighbour-advertisement.ts";
import { ETH_P_ARP, ETH_P_IPV6, PacketSocket } from "./packet-socket.ts";

/** How a {@link probeAddress} asks. */
export interface ProbeAddressOptions {
  /** Namespace of the link; default the thread's own. */
  netns?: string | undefined;
  /** How long it waits for an answer; default 100 ms, which a local network takes a hundredth of. */
  waitMs?: number | undefined;
}

const WAIT_MS = 100;
/** Questions, evenly spread over the wait: one frame may get lost (RFC 5227, 1.1, PROBE_NUM). */
const QUESTIONS = 3;
/** How often answers are looked for, in milliseconds. */
const LOOK_MS = 2;

/**
 * Ask who behind a link, such as a bridge or the parent of macvlan links, has an address; the MAC that answered first, or undefined when none did.
 *
 * The host itself does not answer: look at its own addresses besides. The link must be up.
 *
 * @throws {KernelError} ENODEV when there is no such link, ENETDOWN when it is down
 */
export async function probeAddress(
  link: string,
  address: string,
  { netns, waitMs = WAIT_MS }: ProbeAddressOptions = {},
): Promise<string | undefined> {
  const { index, mac = "" } = infoOf(link, netns);
  const isSix = parseIp(address).bytes.length === 16;
  const question = isSix ? formatNsProbe({ address, mac }) : formatArpProbe({ address, mac });
  const answer = isSix ? answerOfNa : answerOfArp;
  using socket = withNetns(netns, () =>
    PacketSocket.open({
      index,
      protocol: isSix ? ETH_P_IPV6 : ETH_P_ARP,
      ...(isSix ? { filter: ONLY_ADVERTISEMENTS, isForAllNodes: true } : {}),
    }),
  );
  const begin = performance.now();
  for (let asked = 0; ; await sleep(LOOK_MS)) {
    const passed = performance.now() - begin;
    if (asked < QUESTIONS && passed >= (asked * waitMs) / QUESTIONS) {
      socket.send(question, () => `ask who has ${address} through link '${link}'`);
      asked++;
    }
    for (let frame = socket.receive(); frame !== undefined; frame = socket.receive()) {
      const found = answer(frame, address);
      if (found !== undefined && found !== mac) return found;
    }
    if (passed >= waitMs) return undefined;
  }
}

function infoOf(link: string, netns: string | undefined): { index: number; mac?: string } {
  using socket = RtnetlinkSocket.open(netns);
  return getLink(socket, link);
}
