/**
 * One question to one upstream: a fresh socket and a random id each time, and an answer only counts when it comes from there, to us, about
 * that question (RFC 5452).
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { prefixLength } from "./dns-listener.ts";
import { HEADER_BYTES, questionEnd } from "./query.ts";

/** What {@link exchange} needs besides the query. */
export interface ExchangeOptions {
  /** Address of the upstream; `%interface` behind a link-local one. */
  server: string;
  port: number;
  timeoutMs: number;
}

const MAX_MESSAGE_BYTES = 65_535;

/**
 * Ask an upstream over UDP, and again over TCP when its reply was truncated. The reply has the id of `query`.
 *
 * Rejects on timeout, on an unreachable upstream, and on a reply that is none.
 */
export async function exchange(query: Buffer, options: ExchangeOptions): Promise<Buffer> {
  const asked = Buffer.from(query);
  asked.writeUInt16BE(randomInt(0x10000), 0);
  let reply = await exchangeUdp(asked, options);
  const isTruncated = (reply[2]! & 2) !== 0;
  if (isTruncated) reply = await exchangeTcp(asked, options).catch(() => reply);
  const answer = Buffer.from(reply);
  query.copy(answer, 0, 0, 2);
  return answer;
}

function exchangeUdp(query: Buffer, { server, port, timeoutMs }: ExchangeOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Bound to any port by the kernel, at random, and connected: the kernel drops what others send.
    const socket = createSocket({ type: isIPv6(server.split("%")[0]!) ? "udp6" : "udp4", lookup: asAddress });
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.close();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`${server} does not answer`))), timeoutMs);
    socket.on("error", (error) => end(() => reject(error)));
    socket.on("message", (reply) => {
      if (isReplyTo(reply, query)) end(() => resolve(reply));
    });
    socket.connect(port, server, () => socket.send(query));
  });
}

function exchangeTcp(query: Buffer, { server, port, timeoutMs }: ExchangeOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server, port, noDelay: true, lookup: asAddress });
    const timer = setTimeout(() => socket.destroy(new Error(`${server} does not answer over TCP`)), timeoutMs);
    let held = Buffer.alloc(0);
    socket.on("connect", () => socket.write(prefixLength(query)));
    socket.on("data", (bytes) => {
      held = Buffer.concat([held, bytes]);
      if (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) return;
      const reply = held.subarray(2, 2 + held.readUInt16BE(0));
      if (isReplyTo(reply, query)) resolve(reply);
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      reject(new Error(`${server} hung up`));
    });
  });
}

/** Whether these bytes answer that query: the same id and the same question, letter case apart. */
export function isReplyTo(reply: Buffer, query: Buffer): boolean {
  if (
    reply.length < HEADER_BYTES ||
    reply.length > MAX_MESSAGE_BYTES ||
    reply.readUInt16BE(0) !== query.readUInt16BE(0)
  )
    return false;
  const isReply = (reply[2]! & 0xf8) === 0x80;
  const end = questionEnd(query);
  if (!isReply || end === undefined) return false;
  // Some servers leave the question out of a refusal.
  if (reply.readUInt16BE(4) === 0) return (reply[3]! & 0x0f) !== 0;
  return reply.readUInt16BE(4) === 1 && sameText(reply.subarray(HEADER_BYTES, end), query.subarray(HEADER_BYTES, end));
}

function sameText(a: Buffer, b: Buffer): boolean {
  return a.equals(b) || a.toString("latin1").toLowerCase() === b.toString("latin1").toLowerCase();
}

/** Stand in for the name look-up of Node's sockets: only addresses get here. */
function asAddress(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, isIPv6(host.split("%")[0]!) ? 6 : 4);
}
