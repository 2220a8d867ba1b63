/**
 * Kinds of links besides bridge and veth, and what to say where a kernel was built without one.
 *
 * @module
 */
import { FlagsNew } from "netlink/dist/constants.js";
import { formatInfo } from "netlink/dist/rt/ifla.js";
import { MessageType } from "netlink/dist/rt/structs.js";
import { putU32 } from "netlink/dist/structs.js";
import { macBytes } from "../../address/index.ts";
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { encode, linkMessage } from "./link-message.ts";
import type { RtnetlinkSocket } from "./rtnetlink-socket.ts";

/** Kind of link to the option of the kernel's configuration that builds it (drivers/net/Kconfig, net/8021q/Kconfig). */
const KIND_OPTIONS = {
  bridge: "CONFIG_BRIDGE",
  dummy: "CONFIG_DUMMY",
  ifb: "CONFIG_IFB",
  ipvlan: "CONFIG_IPVLAN",
  macvlan: "CONFIG_MACVLAN",
  vlan: "CONFIG_VLAN_8021Q",
  vxlan: "CONFIG_VXLAN",
  wireguard: "CONFIG_WIREGUARD",
} as const;

/** A kind of link that a kernel may lack. */
export type LinkKind = keyof typeof KIND_OPTIONS;

/** How the macvlan links of one parent reach each other: MACVLAN_MODE_* (linux/if_link.h) by its name. */
export type MacvlanMode = keyof typeof MACVLAN_MODES;

/** A macvlan link to add. */
export interface NewMacvlan {
  name: string;
  /** Index of the link underneath, in the socket's namespace. */
  parent: number;
  mac: string;
  mode: MacvlanMode;
  mtu?: number | undefined;
  /** Descriptor of the namespace where it is made; it stays the caller's to close. */
  netnsFd?: number | undefined;
}

/** MACVLAN_MODE_* and IFLA_MACVLAN_MODE (linux/if_link.h). */
const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
const IFLA_MACVLAN_MODE = 1;
const NEW_EXCLUSIVE = FlagsNew.CREATE | FlagsNew.EXCL;
const EOPNOTSUPP = 95;
/** No name of a link may contain it, so that the kernel refuses to make one after it has looked for the kind. */
const NO_NAME = "/";

/**
 * Add a macvlan link; it is down. The name must be free in the socket's namespace as well as in its own: before version 6.15 the kernel looks there, too.
 *
 * @throws {NetdError} KERNEL_FEATURE_MISSING
 * @throws {KernelError} EEXIST when the name is taken, EINVAL when the parent can't have one (rtnl says why), EBUSY for mode passthru on a parent in use
 */
export function addMacvlan(socket: RtnetlinkSocket, { name, parent, mac, mode, mtu, netnsFd }: NewMacvlan): void {
  const data = encode((out) => out.push(IFLA_MACVLAN_MODE, putU32(MACVLAN_MODES[mode])));
  const linkinfo = encode(formatInfo({ kind: "macvlan", data }));
  orMissing("macvlan", () =>
    socket.change({
      type: MessageType.NEWLINK,
      flags: NEW_EXCLUSIVE,
      body: linkMessage(
        {},
        {
          ifname: name,
          link: putU32(parent),
          address: macBytes(mac),
          ...(mtu === undefined ? {} : { mtu }),
          ...(netnsFd === undefined ? {} : { netNsFd: netnsFd }),
          linkinfo,
        },
      ),
      call: () => `add macvlan '${name}' on link ${parent} (RTM_NEWLINK kind=macvlan mode=${mode} address=${mac})`,
    }),
  );
}

/** Add an intermediate functional block, which lets the arriving traffic of another link queue; it is down. @throws {NetdError} KERNEL_FEATURE_MISSING */
export function addIfb(socket: RtnetlinkSocket, name: string): void {
  orMissing("ifb", () =>
    socket.change({
      type: MessageType.NEWLINK,
      flags: NEW_EXCLUSIVE,
      // One queue: a limit of a rate needs all packets in one place, and the memory of a queue for each CPU is wasted.
      body: linkMessage(
        {},
        { ifname: name, numTxQueues: 1, numRxQueues: 1, linkinfo: encode(formatInfo({ kind: "ifb" })) },
      ),
      call: () => `add ifb '${name}' (RTM_NEWLINK kind=ifb)`,
    }),
  );
}

/** Whether the kernel can make links of a kind. Makes none: the name that it is asked for can't be. */
export function hasLinkKind(socket: RtnetlinkSocket, kind: LinkKind): boolean {
  try {
    socket.change({
      type: MessageType.NEWLINK,
      flags: NEW_EXCLUSIVE,
      body: linkMessage({}, { ifname: NO_NAME, linkinfo: encode(formatInfo({ kind })) }),
      call: () => `ask for link kind '${kind}' (RTM_NEWLINK)`,
    });
    throw new Error(`the kernel made a link named '${NO_NAME}'`);
  } catch (error) {
    if (error instanceof KernelError) return error.errno !== EOPNOTSUPP;
    throw error;
  }
}

/** The error for a kind of link that the kernel was built without. */
export function missingLinkKind(kind: LinkKind, cause?: unknown): NetdError {
  return new NetdError(
    "KERNEL_FEATURE_MISSING",
    `Cannot make a link of kind '${kind}': this kernel has none, ${KIND_OPTIONS[kind]} wanted`,
    { remedy: `Load it with 'modprobe ${kind === "vlan" ? "8021q" : kind}', or use a kernel built with it`, cause },
  );
}

function orMissing(kind: LinkKind, fn: () => void): void {
  try {
    fn();
  } catch (error) {
    if (error instanceof KernelError && error.errno === EOPNOTSUPP) throw missingLinkKind(kind, error);
    throw error;
  }
}
