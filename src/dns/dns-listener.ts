/**
 * The two sockets of one address: UDP, and TCP with limits that keep one client from stopping the others.
 *
 * @module
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import { NetdError } from "../errors.ts";

/** Where a query came from. */
export interface DnsClientAddress {
  address: string;
  transport: "udp" | "tcp";
}

/** Gives the reply to a query, or undefined for none. Must not reject. */
export type QueryHandler = (
  query: Buffer,
  client: DnsClientAddress,
) => Buffer | undefined | Promise<Buffer | undefined>;

/** Where and how {@link openDnsListener} listens. */
export interface OpenDnsListenerOptions {
  address: string;
  port: number;
  handle: QueryHandler;
}

/** Sockets that are open. Closing them ends every connection. */
export interface DnsListener extends AsyncDisposable {
  /** The port, also when any was asked for (0). */
  readonly port: number;
}

/** TCP connections at a time, of all clients and of one. */
const MAX_CONNECTIONS = 512;
const MAX_CONNECTIONS_PER_CLIENT = 16;
/** How long a TCP client may take for a whole query, and to take its reply, in milliseconds. */
const TCP_DEADLINE_MS = 5_000;
/** Datagrams that wait for us while we are busy, in bytes. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

/**
 * Listen on UDP and TCP of one address.
 *
 * @throws {NetdError} DNS_LISTEN_FAILED, with both sockets closed
 */
export async function openDnsListener(options: OpenDnsListenerOptions): Promise<DnsListener> {
  const { address, handle } = options;
  const server = await listenTcp(options);
  const { port } = server.address() as { port: number };
  const connections = new Set<Socket>();
  server.on("connection", (socket) => serveConnection(socket, connections, handle));
  const udp = await listenUdp({ ...options, port }).catch((error: unknown) => {
    server.close();
    throw error;
  });
  udp.on("message", (query, remote) => void serveDatagram(udp, query, remote, handle));
  // Errors of single replies, such as a client that went away, are no errors of the socket.
  udp.on("error", () => {});
  server.on("error", () => {});
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise<void>((resolve) => server.close(() => resolve())),
      ]);
    },
  };

  function listenFailed(cause: Error): NetdError {
    const state =
      (cause as NodeJS.ErrnoException).code === "EADDRINUSE" ? "another program has that port" : cause.message;
    return new NetdError("DNS_LISTEN_FAILED", `Cannot answer names on ${address} port ${options.port}: ${state}`, {
      remedy: `See who has it with 'ss -lnp sport = :${options.port}', and make it listen on its own addresses only`,
      cause,
    });
  }

  function listenTcp(at: OpenDnsListenerOptions): Promise<Server> {
    const tcp = createServer({ noDelay: true, allowHalfOpen: true });
    tcp.maxConnections = MAX_CONNECTIONS;
    return new Promise((resolve, reject) => {
      tcp.once("error", (error) => reject(listenFailed(error)));
      tcp.listen({ host: at.address, port: at.port }, () => resolve(tcp));
    });
  }

  function listenUdp(at: OpenDnsListenerOptions): Promise<UdpSocket> {
    const socket = createSocket({
      type: isIPv6(at.address) ? "udp6" : "udp4",
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      // Without this, each reply would look its address up first.
      lookup: (host, _options, done) => done(null, host, isIPv6(host) ? 6 : 4),
    });
    return new Promise((resolve, reject) => {
      socket.once("error", (error) => {
        socket.close();
        reject(listenFailed(error));
      });
      socket.bind({ address: at.address, port: at.port }, () => {
        socket.removeAllListeners("error");
        resolve(socket);
      });
    });
  }
}

async function serveDatagram(
  socket: UdpSocket,
  query: Buffer,
  remote: RemoteInfo,
  handle: QueryHandler,
): Promise<void> {
  const result = handle(query, { address: remote.address, transport: "udp" });
  // Answers from the zone are there at once: no turn of the event loop for them.
  const reply = result instanceof Promise ? await result : result;
  if (reply === undefined) return;
  try {
    socket.send(reply, remote.port, remote.address);
  } catch {
    // Closed in the meantime: the client asks again.
  }
}

/** Answer one connection's queries, one after the other, and end it when it is slow. */
function serveConnection(socket: Socket, connections: Set<Socket>, handle: QueryHandler): void {
  const address = socket.remoteAddress ?? "";
  const count = [...connections].filter((other) => other.remoteAddress === address).length;
  socket.on("error", () => socket.destroy());
  if (address === "" || count >= MAX_CONNECTIONS_PER_CLIENT) {
    socket.destroy();
    return;
  }
  connections.add(socket);
  // Set anew only for a whole query: drops of bytes don't buy time, unlike with a timeout of idleness.
  let deadline = setTimeout(() => socket.destroy(), TCP_DEADLINE_MS);
  socket.once("close", () => {
    clearTimeout(deadline);
    connections.delete(socket);
  });
  let held = Buffer.alloc(0);
  let isBusy = false;
  const work = async () => {
    if (isBusy) return;
    isBusy = true;
    for (let query = takeMessage(); query !== undefined && !socket.destroyed; query = takeMessage()) {
      clearTimeout(deadline);
      const reply = await handle(query, { address, transport: "tcp" });
      deadline = setTimeout(() => socket.destroy(), TCP_DEADLINE_MS);
      if (reply === undefined || socket.destroyed) socket.destroy();
      else await new Promise((resolve) => socket.write(prefixLength(reply), resolve));
    }
    isBusy = false;
    if (socket.destroyed) clearTimeout(deadline);
    else socket.resume();
  };
  const takeMessage = (): Buffer | undefined => {
    if (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) return undefined;
    const end = 2 + held.readUInt16BE(0);
    const message = held.subarray(2, end);
    held = held.subarray(end);
    return message;
  };
  // Nothing more will come, and what came was answered: the socket is paused until then.
  socket.on("end", () => socket.end());
  socket.on("data", (bytes) => {
    held = Buffer.concat([held, bytes]);
    // At most one message and one chunk are held: the rest waits in the kernel.
    socket.pause();
    void work();
  });
}

/** Put the two bytes of length in front that messages over TCP have (RFC 1035 section 4.2.2). */
export function prefixLength(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2);
  framed.writeUInt16BE(message.length, 0);
  message.copy(framed, 2);
  return framed;
}
