/**
 * Queues of links: what `tc` changes (rtnetlink(7), linux/pkt_sched.h, linux/pkt_cls.h).
 *
 * What leaves a link is held to a rate by a token bucket filter at its root. What arrives can't queue: it is redirected to an intermediate
 * functional block (ifb), which it leaves as if that were a link like any other.
 *
 * @module
 */
import { Flags, FlagsNew } from "netlink/dist/constants.js";
import { MessageType } from "netlink/dist/rt/structs.js";
import {
  type AttrStream,
  getString,
  getU32,
  getU64,
  parseAttributes,
  putString,
  putU32,
  putU64,
} from "netlink/dist/structs.js";
import { NetdError } from "../../errors.ts";
import { KernelError } from "../errno.ts";
import { pushNested } from "../netlink/nested.ts";
import type { RtnetlinkSocket } from "../netlink/rtnetlink-socket.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** TC_H_ROOT, TC_H_INGRESS and the handles that go with them (linux/pkt_sched.h). */
const TC_H_ROOT = 0xffff_ffff;
const TC_H_INGRESS = 0xffff_fff1;
const ROOT_HANDLE = 0x1_0000;
const INGRESS_HANDLE = 0xffff_0000;
const TCA = { KIND: 1, OPTIONS: 2 } as const;
const TCA_TBF = { PARMS: 1, RATE64: 4, BURST: 6 } as const;
const TC_LINKLAYER_ETHERNET = 1;
/** `struct tc_tbf_qopt`: two `struct tc_ratespec` of 12 bytes (link layer in the second, rate in the last four), limit, buffer, mtu. */
const TBF_QOPT = { length: 36, linkLayerAt: 1, rateAt: 8, limitAt: 24 } as const;
const U32_MAX = 0xffff_ffff;

// linux/pkt_cls.h, linux/tc_act/tc_mirred.h
const ETH_P_ALL = 3;
const PRIORITY = 1;
const TCA_U32 = { SEL: 5, ACT: 7 } as const;
const TCA_ACT = { KIND: 1, OPTIONS: 2 } as const;
const TCA_MIRRED_PARMS = 2;
const TC_ACT_STOLEN = 4;
const TCA_EGRESS_REDIR = 1;

const ENOENT = 2;
const EINVAL = 22;
const EOPNOTSUPP = 95;

/** Hold what leaves a link to a rate. A rate that is there already is changed, and what waits goes on waiting. @throws {NetdError} KERNEL_FEATURE_MISSING */
export function setRate(socket: RtnetlinkSocket, index: number, bucket: TokenBucket): void {
  const { rate, burst, limit } = bucket;
  const parameters = Buffer.alloc(TBF_QOPT.length);
  parameters.writeUInt8(TC_LINKLAYER_ETHERNET, TBF_QOPT.linkLayerAt);
  parameters.writeUInt32LE(Math.min(rate, U32_MAX), TBF_QOPT.rateAt);
  parameters.writeUInt32LE(limit, TBF_QOPT.limitAt);
  const change = (): void =>
    socket.change({
      type: MessageType.NEWQDISC,
      flags: FlagsNew.CREATE | FlagsNew.REPLACE,
      body: (out) => {
        out.emit(tcMessage({ index, handle: ROOT_HANDLE, parent: TC_H_ROOT }));
        out.push(TCA.KIND, putString("tbf"));
        pushNested(out, TCA.OPTIONS, (options) => {
          options.push(TCA_TBF.PARMS, parameters);
          options.push(TCA_TBF.BURST, putU32(burst));
          if (rate > U32_MAX) options.push(TCA_TBF.RATE64, putU64(BigInt(rate)));
        });
      },
      call: () => `limit the rate of link ${index} (RTM_NEWQDISC kind=tbf rate=${rate} burst=${burst} limit=${limit})`,
    });
  orMissing("tbf", "CONFIG_NET_SCH_TBF", change);
}

/** Get the rate to which what leaves a link is held, in bytes a second; undefined when there is no token bucket filter at its root. */
export function findRate(socket: RtnetlinkSocket, index: number): number | undefined {
  const answer = orUndefined([ENOENT, EINVAL], () =>
    socket.find({
      type: MessageType.GETQDISC,
      // Without it only those are told who listen to all queues (net/sched/sch_api.c, qdisc_notify; net/core/rtnetlink.c, rtnetlink_send).
      flags: Flags.ECHO,
      body: (out) => out.emit(tcMessage({ index, parent: TC_H_ROOT })),
      call: () => `find the queue of link ${index} (RTM_GETQDISC)`,
    }),
  );
  return answer === undefined ? undefined : parseRate(answer);
}

/** What holds or takes the traffic of a link. */
export interface LinkQueues {
  /** Bytes a second to which what leaves it is held; undefined: no token bucket filter is at its root. */
  rate?: number | undefined;
  /** Whether something may be done to what arrives. */
  hasIngress: boolean;
}

/** List the queues of all links, by the links' numbers, in one dump. */
export function listQueues(socket: RtnetlinkSocket): Map<number, LinkQueues> {
  const queues = new Map<number, LinkQueues>();
  const messages = socket.dump({
    type: MessageType.GETQDISC,
    body: (out) => out.emit(tcMessage({ index: 0, parent: 0 })),
    call: () => "list the queues of all links (RTM_GETQDISC)",
  });
  for (const message of messages) {
    const [index, parent] = [message.readInt32LE(4), message.readUInt32LE(12)];
    const known = queues.get(index) ?? { hasIngress: false };
    if (parent === TC_H_INGRESS) queues.set(index, { ...known, hasIngress: true });
    else if (parent === TC_H_ROOT) queues.set(index, { ...known, rate: parseRate(message) });
  }
  return queues;
}

/** Take the queue at the root of a link away; what waits in it is lost. @throws {KernelError} ENOENT or EINVAL when there is none */
export function deleteRate(socket: RtnetlinkSocket, index: number): void {
  socket.change({
    type: MessageType.DELQDISC,
    body: (out) => out.emit(tcMessage({ index, handle: ROOT_HANDLE, parent: TC_H_ROOT })),
    call: () => `take the limit of link ${index} away (RTM_DELQDISC)`,
  });
}

/** Redirect all that arrives by a link to another, as if that one sent it. @throws {KernelError} EEXIST when something is done to what arrives already */
export function redirectIngress(socket: RtnetlinkSocket, index: number, to: number): void {
  orMissing("ingress", "CONFIG_NET_SCH_INGRESS", () =>
    socket.change({
      type: MessageType.NEWQDISC,
      flags: FlagsNew.CREATE | FlagsNew.EXCL,
      body: (out) => {
        out.emit(tcMessage({ index, handle: INGRESS_HANDLE, parent: TC_H_INGRESS }));
        out.push(TCA.KIND, putString("ingress"));
      },
      call: () => `redirect what arrives by link ${index} (RTM_NEWQDISC kind=ingress)`,
    }),
  );
  try {
    addRedirect(socket, index, to);
  } catch (error) {
    deleteIngress(socket, index);
    throw error;
  }
}

/** Do nothing any more to what arrives by a link. @throws {KernelError} ENOENT or EINVAL when nothing was done */
export function deleteIngress(socket: RtnetlinkSocket, index: number): void {
  socket.change({
    type: MessageType.DELQDISC,
    body: (out) => out.emit(tcMessage({ index, handle: INGRESS_HANDLE, parent: TC_H_INGRESS })),
    call: () => `redirect no more what arrives by link ${index} (RTM_DELQDISC kind=ingress)`,
  });
}

/** Classifier u32, because it is the one that is nearly always there; it compares nothing, so that all agrees. */
function addRedirect(socket: RtnetlinkSocket, index: number, to: number): void {
  // struct tc_u32_sel with one key: flags TC_U32_TERMINAL, one key; 16 bytes of its own, mask and value of the key 0.
  const selector = Buffer.alloc(32);
  selector.writeUInt8(1, 0);
  selector.writeUInt8(1, 2);
  // struct tc_mirred: index, capabilities, action, two counters, what to do, link.
  const mirred = Buffer.alloc(28);
  mirred.writeInt32LE(TC_ACT_STOLEN, 8);
  mirred.writeInt32LE(TCA_EGRESS_REDIR, 20);
  mirred.writeUInt32LE(to, 24);
  orMissing("u32 and mirred", "CONFIG_NET_CLS_U32 and CONFIG_NET_ACT_MIRRED", () =>
    socket.change({
      type: MessageType.NEWTFILTER,
      flags: FlagsNew.CREATE | FlagsNew.EXCL,
      body: (out) => {
        const info = ((PRIORITY << 16) | ((ETH_P_ALL << 8) & 0xff00)) >>> 0;
        out.emit(tcMessage({ index, parent: INGRESS_HANDLE, info }));
        out.push(TCA.KIND, putString("u32"));
        pushNested(out, TCA.OPTIONS, (options) => {
          options.push(TCA_U32.SEL, selector);
          pushNested(options, TCA_U32.ACT, (actions) =>
            pushNested(actions, 1, (action) => writeMirred(action, mirred)),
          );
        });
      },
      call: () => `redirect what arrives by link ${index} to link ${to} (RTM_NEWTFILTER kind=u32 action=mirred)`,
    }),
  );
}

function writeMirred(action: AttrStream, parameters: Buffer): void {
  action.push(TCA_ACT.KIND, putString("mirred"));
  pushNested(action, TCA_ACT.OPTIONS, (options) => options.push(TCA_MIRRED_PARMS, parameters));
}

interface TcMessage {
  index: number;
  handle?: number;
  parent: number;
  info?: number;
}

/** `struct tcmsg` (linux/rtnetlink.h): family, three bytes of padding, link, handle, parent, info. */
function tcMessage({ index, handle = 0, parent, info = 0 }: TcMessage): Buffer {
  const message = Buffer.alloc(20);
  message.writeInt32LE(index, 4);
  message.writeUInt32LE(handle, 8);
  message.writeUInt32LE(parent, 12);
  message.writeUInt32LE(info, 16);
  return message;
}

function parseRate(message: Buffer): number | undefined {
  let kind = "";
  let rate: number | undefined;
  parseAttributes(message.subarray(20), ({ type, data }) => {
    if (type === TCA.KIND) kind = getString(data);
    else if (type === TCA.OPTIONS && kind === "tbf") {
      parseAttributes(data, (option) => {
        if (option.type === TCA_TBF.PARMS) rate ??= getU32(option.data.subarray(TBF_QOPT.rateAt, TBF_QOPT.rateAt + 4));
        else if (option.type === TCA_TBF.RATE64) rate = Number(getU64(option.data));
      });
    }
  });
  return rate;
}

function orUndefined<T>(errnos: readonly number[], fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    if (error instanceof KernelError && errnos.includes(error.errno)) return undefined;
    throw error;
  }
}

/** The kernel says ENOENT for a queue or classifier that it lacks, and EOPNOTSUPP when it lacks all of them. */
function orMissing(what: string, option: string, fn: () => void): void {
  try {
    fn();
  } catch (error) {
    if (!(error instanceof KernelError) || ![ENOENT, EOPNOTSUPP].includes(error.errno)) throw error;
    throw new NetdError(
      "KERNEL_FEATURE_MISSING",
      `Cannot limit the rate of a link: this kernel has no ${what}, ${option} wanted`,
      { remedy: "Leave the rate limits away, or use a kernel built with it", cause: error },
    );
  }
}
