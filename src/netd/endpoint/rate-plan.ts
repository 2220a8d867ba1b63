/**
 * Plans that hold a container's traffic to a rate, in each of its networks. Pure.
 *
 * What a link sends is held by a queue at it. What it receives is sent on by an ifb, and held there: for the host end of a veth pair this is what the
 * container sends. In a macvlan network there is no host end, and both are inside the container, the other way round.
 *
 * @module
 */
import type { MacvlanMode, NetworkStep } from "../../kernel/index.ts";
import { linkAlias } from "../network/network-plan.ts";

/** Limits of a container, in bits a second; absent: none. */
export interface Rates {
  /** Of what it receives. */
  rateInBps?: number | undefined;
  /** Of what it sends. */
  rateOutBps?: number | undefined;
}

/** What of an endpoint the plans must know. */
export interface RatePlace {
  containerId: string;
  netns: string;
  /** Inside the container. */
  interface: string;
  /** Host end of the veth pair. */
  hostInterface: string;
  /** Of a macvlan network, where there is none. */
  macvlanMode?: MacvlanMode | undefined;
  instance: string;
}

/** The link whose traffic is held. */
interface Held {
  netns?: string;
  link: string;
  /** What takes what it receives. */
  ifb: string;
  /** Limits of what the link itself sends and receives. */
  sends: number | undefined;
  receives: number | undefined;
}

/** Plan the limits of an endpoint: from those that it has to those that it is to have. Changing one loses nothing; ending one loses what waits. */
export function planRates(place: RatePlace, before: Rates, after: Rates): NetworkStep[] {
  const from = heldBy(place, before);
  const to = heldBy(place, after);
  const { link, ifb } = to;
  const netns = to.netns === undefined ? {} : { netns: to.netns };
  return [
    ...planSending({ ...netns, link }, from.sends, to.sends),
    ...(from.receives === undefined && to.receives !== undefined
      ? ([
          { op: "link.addIfb", ...netns, name: ifb, alias: linkAlias(place.instance, place.containerId), up: true },
        ] as const)
      : []),
    ...(to.receives === undefined ? [] : planSending({ ...netns, link: ifb }, from.receives, to.receives)),
    ...(from.receives === undefined && to.receives !== undefined
      ? [{ op: "ingress.redirect", ...netns, link, to: ifb } as const]
      : []),
    ...(from.receives !== undefined && to.receives === undefined
      ? ([
          { op: "ingress.delete", ...netns, link },
          { op: "link.delete", ...netns, name: ifb },
        ] as const)
      : []),
  ];
}

/** Plan the end of what the limits of an endpoint left on the host: what is at its link goes with it. */
export function planRatesEnd(place: RatePlace, { rateOutBps }: Rates): NetworkStep[] {
  if (place.macvlanMode !== undefined || rateOutBps === undefined) return [];
  return [{ op: "link.delete", name: ifbName(place.hostInterface) }];
}

/** The limits that a container's definition asks for. */
export function pickRates({ rateInBps, rateOutBps }: Rates): Rates {
  return {
    ...(rateInBps === undefined ? {} : { rateInBps }),
    ...(rateOutBps === undefined ? {} : { rateOutBps }),
  };
}

/** Name of the ifb of a host-side interface: `if` in the place of its `ve`. */
export function ifbName(hostInterface: string): string {
  return hostInterface.replace(/^ve/, "if");
}

function planSending(
  target: { netns?: string; link: string },
  before: number | undefined,
  after: number | undefined,
): NetworkStep[] {
  if (after === before) return [];
  return [after === undefined ? { op: "rate.delete", ...target } : { op: "rate.set", ...target, bitsPerSecond: after }];
}

function heldBy(place: RatePlace, { rateInBps, rateOutBps }: Rates): Held {
  return place.macvlanMode === undefined
    ? { link: place.hostInterface, ifb: ifbName(place.hostInterface), sends: rateInBps, receives: rateOutBps }
    : {
        ...{ netns: place.netns, link: place.interface, ifb: `if-${place.interface}` },
        ...{ sends: rateOutBps, receives: rateInBps },
      };
}
