/**
 * The socket on which netd tells the resolver what it knows.
 *
 * @module
 */
import { chmodSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { formatError, NetdError } from "../errors.ts";
import type { DnsAnswer, DnsRequest } from "./protocol.ts";
import type { Resolver } from "./resolver.ts";

/** What {@link openControlServer} serves. */
export interface OpenControlServerOptions {
  resolver: Resolver;
  version: string;
  /** Called after a `shutdown` was answered. */
  onShutdown: () => void;
}

/** Requests of all connections wait for each other here: an `upsert` never overtakes a `setZones`. */
type Queue = { tail: Promise<unknown> };

/**
 * Listen on the unix socket `path`, which nobody but root can open. One that a dead process left is replaced.
 *
 * @throws {NetdError} DAEMON_ALREADY_RUNNING when somebody listens there
 */
export async function openControlServer(path: string, options: OpenControlServerOptions): Promise<Server> {
  if (await isAlive(path)) {
    throw new NetdError("DAEMON_ALREADY_RUNNING", `Cannot listen on '${path}': a netd-dns does already`, {
      remedy: "Stop that one, or give another --socket",
    });
  }
  rmSync(path, { force: true });
  const queue: Queue = { tail: Promise.resolve() };
  const server = createServer((socket) => serveControl(socket, queue, options));
  // Nobody may connect in between bind and chmod.
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return server;
}

function serveControl(socket: Socket, queue: Queue, options: OpenControlServerOptions): void {
  socket.on("error", () => socket.destroy());
  const lines = createInterface({ input: socket });
  // An interface passes on its input's errors; the socket's own listener has dealt with them.
  lines.on("error", () => {});
  lines.on("line", (line) => {
    queue.tail = queue.tail.then(async () => {
      const request = parseRequest(line);
      if (request === undefined) {
        socket.destroy();
        return;
      }
      const answer = await handle(request, options);
      await new Promise((resolve) => socket.write(`${JSON.stringify(answer)}\n`, resolve));
      if (request.method === "shutdown") options.onShutdown();
    });
  });
}

async function handle(request: DnsRequest, { resolver, version }: OpenControlServerOptions): Promise<DnsAnswer> {
  const { id } = request;
  try {
    switch (request.method) {
      case "hello":
        return { id, result: { pid: process.pid, version } };
      case "setZones":
        await resolver.setZones(request.zones);
        return { id };
      case "upsert":
        resolver.zone(request.network).upsert(request.member);
        return { id };
      case "remove":
        resolver.zone(request.network).remove(request.memberId);
        return { id };
      case "shutdown":
        return { id };
      default:
        throw new NetdError(
          "INTERNAL",
          `Cannot do '${String((request as { method: unknown }).method)}': not a method of netd-dns`,
        );
    }
  } catch (error) {
    return { id, error: formatError(error) };
  }
}

/** Parse a line; undefined when the peer does not speak this protocol. */
function parseRequest(line: string): DnsRequest | undefined {
  try {
    const request = JSON.parse(line) as DnsRequest;
    return typeof request.id === "number" ? request : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
