/**
 * A synchronous netlink socket (netlink(7)) that passes on the kernel's extended acknowledgements.
 *
 * Synchronous because the kernel answers rtnetlink, and nfnetlink and sock_diag too, before send(2) returns: nothing is ever waited for, and
 * a Step can run inside a window of setns(2) and inside an ordered plan. The bytes are those of the `netlink` package's codecs.
 *
 * @module
 */
import { Attributes, MessageType as ControlType, Flags, FlagsAck, FlagsGet } from "netlink/dist/constants.js";
import {
  AttrStream,
  formatMessage,
  getString,
  type NetlinkMessage,
  parseAttributes,
  parseError,
  parseMessages,
} from "netlink/dist/structs.js";
import { check, KernelError } from "../errno.ts";
import { close, lastErrno, recv, send, setsockopt, socket } from "../libc.ts";
import { sendElsewhere } from "../libc-socket.ts";
import { withNetns } from "../netns/netns.ts";

/** What is asked of the kernel. */
export interface NetlinkRequest {
  /** Number of the message: `RTM_*`, or what the protocol calls it. */
  type: number;
  /** `NLM_F_*` besides those that the way of asking sets. */
  flags?: number;
  /** Writes the message after its netlink header. */
  body: (out: AttrStream) => void;
  /** The request in words, as a person would put it after "Cannot": `add link 'br0'`. Only made into text on failure. */
  call: () => string;
}

// bits/socket.h, linux/netlink.h
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_NETLINK = 270;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const MSG_TRUNC = 0x20;
/** `struct nlmsgerr` when NETLINK_CAP_ACK is set: errno and the header of the request. */
const NLMSGERR_LENGTH = 20;
const NLMSGERR_ATTR_MSG = 1;
const EINTR = 4;
const EMSGSIZE = 90;

/** The kernel sends at most 32 KiB at a time in a dump (net/netlink/af_netlink.c, netlink_dump). */
const RECEIVE_BYTES = 64 * 1024;
/** A guard against a bug, not a wait: answers are there when send(2) returns. */
const RECEIVE_TIMEOUT_S = 5;
/** Tries of a dump that changes while it is read. */
const DUMP_TRIES = 10;

/** A socket that stays in the network namespace where it was opened. Disposing closes it. */
export class NetlinkSocket implements Disposable {
  #fd: number;
  #sequence = 0;
  readonly #buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);

  /** Takes over a descriptor of {@link openNetlink}. */
  protected constructor(fd: number) {
    this.#fd = fd;
  }

  /** Ask for a change and wait for its acknowledgement. @throws {KernelError} with the kernel's own text */
  change(request: NetlinkRequest): void {
    this.#awaitAck(this.#send(request, Flags.REQUEST | Flags.ACK), request);
  }

  /**
   * Ask for a change that takes the kernel long, on another thread: this one goes on meanwhile, and must leave the socket alone.
   *
   * @throws {KernelError} with the kernel's own text
   */
  async changeElsewhere(request: NetlinkRequest): Promise<void> {
    const { sequence, bytes } = this.#format(request, Flags.REQUEST | Flags.ACK);
    if ((await sendElsewhere(this.#fd, bytes)) === bytes.length) this.#awaitAck(sequence, request);
    // Refused before the kernel looked at it: asked for here, it tells why.
    else this.change(request);
  }

  /** Ask for one object; its message after the netlink header. @throws {KernelError} such as ENODEV */
  get(request: NetlinkRequest): Buffer {
    const sequence = this.#send(request, Flags.REQUEST);
    for (;;) {
      for (const message of this.#receive(sequence, request)) {
        if (message.type === ControlType.ERROR) throwIfError(message, request);
        else return message.data;
      }
    }
  }

  /** Ask for one object of a kind for which the kernel keeps silent when there is none. @throws {KernelError} with the kernel's own text */
  find(request: NetlinkRequest): Buffer | undefined {
    const sequence = this.#send(request, Flags.REQUEST | Flags.ACK);
    let found: Buffer | undefined;
    for (;;) {
      for (const message of this.#receive(sequence, request)) {
        if (message.type !== ControlType.ERROR) {
          found = Buffer.from(message.data);
          continue;
        }
        throwIfError(message, request);
        return found;
      }
    }
  }

  /** Ask for all objects; each message after its netlink header. */
  dump(request: NetlinkRequest): Buffer[] {
    for (let tries = 1; ; tries++) {
      const { found, isTorn } = this.#dumpOnce(request);
      if (!isTorn || tries === DUMP_TRIES) return found;
    }
  }

  /** Close the socket; doing so twice is harmless. */
  close(): void {
    if (this.#fd >= 0) close(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #dumpOnce(request: NetlinkRequest): { found: Buffer[]; isTorn: boolean } {
    const found: Buffer[] = [];
    let isTorn = false;
    const sequence = this.#send(request, Flags.REQUEST | FlagsGet.DUMP);
    for (;;) {
      for (const message of this.#receive(sequence, request)) {
        if ((message.flags & Flags.DUMP_INTR) !== 0) isTorn = true;
        if (message.type === ControlType.ERROR) throwIfError(message, request);
        else if (message.type !== ControlType.DONE) found.push(Buffer.from(message.data));
        else {
          const errno = message.data.length >= 4 ? -message.data.readInt32LE(0) : 0;
          if (errno > 0) throw new KernelError(request.call(), errno);
          return { found, isTorn };
        }
      }
    }
  }

  #send(request: NetlinkRequest, ownFlags: number): number {
    const { sequence, bytes } = this.#format(request, ownFlags);
    check(Number(send(this.#fd, bytes, bytes.length, 0)), request.call);
    return sequence;
  }

  #format({ type, flags = 0, body }: NetlinkRequest, ownFlags: number): { sequence: number; bytes: Buffer } {
    const out = new AttrStream();
    body(out);
    const sequence = ++this.#sequence;
    const message = { type, flags: flags | ownFlags, seq: sequence, port: 0, data: out.bufs as Uint8Array[] };
    return { sequence, bytes: Buffer.concat(formatMessage(message)) };
  }

  #awaitAck(sequence: number, request: NetlinkRequest): void {
    for (;;) {
      for (const message of this.#receive(sequence, request)) {
        if (message.type !== ControlType.ERROR) continue;
        throwIfError(message, request);
        return;
      }
    }
  }

  /** One datagram's messages that answer `sequence`; their data is only valid until the next call. */
  #receive(sequence: number, { call }: NetlinkRequest): NetlinkMessage[] {
    for (;;) {
      const length = Number(recv(this.#fd, this.#buffer, RECEIVE_BYTES, MSG_TRUNC));
      if (length >= 0 && length <= RECEIVE_BYTES) {
        return parseMessages(this.#buffer.subarray(0, length)).filter((message) => message.seq === sequence);
      }
      if (length >= 0) throw new KernelError(call(), EMSGSIZE, `an answer of ${length} bytes`);
      const errno = lastErrno();
      if (errno !== EINTR) throw new KernelError(call(), errno);
    }
  }
}

/** Open the descriptor of a socket for one protocol in a network namespace, by default the thread's own. @throws {NetdError} KERNEL_CALL_FAILED */
export function openNetlink(protocol: number, netns: string | undefined): number {
  const fd = withNetns(netns, () =>
    check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), () => `socket(AF_NETLINK, SOCK_RAW, ${protocol})`),
  );
  const on = Buffer.alloc(4);
  on.writeInt32LE(1);
  setsockopt(fd, SOL_NETLINK, Attributes.EXT_ACK, on, on.length);
  setsockopt(fd, SOL_NETLINK, Attributes.CAP_ACK, on, on.length);
  const timeout = Buffer.alloc(16);
  timeout.writeBigInt64LE(BigInt(RECEIVE_TIMEOUT_S));
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length);
  return fd;
}

/** Throw the error that an acknowledgement carries, with the text of its extension, if any. */
function throwIfError(message: NetlinkMessage, request: NetlinkRequest): void {
  const errno = -parseError(message.data, message.flags).errno;
  if (errno === 0) return;
  let text: string | undefined;
  if ((message.flags & FlagsAck.ACK_TLVS) !== 0) {
    parseAttributes(message.data.subarray(NLMSGERR_LENGTH), ({ type, data }) => {
      if (type === NLMSGERR_ATTR_MSG) text = getString(data);
    });
  }
  throw new KernelError(request.call(), errno, text);
}
