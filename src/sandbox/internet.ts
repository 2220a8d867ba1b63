/**
 * The servers of the pretend internet: a process of its own in the internet's namespace.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer, isIPv6, type Socket } from "node:net";
import { answerQuery } from "./internet-names.ts";
import { formatPage } from "./internet-page.ts";
import { INTERNET } from "./topology.ts";

const DNS_PORT = 53;
const HTTP_PORT = 80;
/** A TCP client that says nothing for so long is let go, in milliseconds. */
const TCP_IDLE_MS = 10_000;

/** Serve names and the page until the process ends; resolves when all sockets listen. */
export async function serveInternet(options: { hasIpv6: boolean }): Promise<void> {
  const { nameServer, webServer } = INTERNET;
  await Promise.all([
    serveNames(nameServer.v4),
    servePage(webServer.v4),
    ...(options.hasIpv6 ? [serveNames(nameServer.v6), servePage(webServer.v6)] : []),
  ]);
}

async function serveNames(address: string): Promise<void> {
  const udp = createSocket(isIPv6(address) ? "udp6" : "udp4");
  udp.on("message", (query, { address: to, port }) => {
    const answer = answerQuery(query, "udp");
    if (answer !== undefined) udp.send(answer, port, to);
  });
  const tcp = createTcpServer(serveNamesOverTcp);
  udp.bind(DNS_PORT, address);
  tcp.listen(DNS_PORT, address);
  await Promise.all([once(udp, "listening"), once(tcp, "listening")]);
}

/** Each message has its length before it, in two bytes (RFC 1035, section 4.2.2). */
function serveNamesOverTcp(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const answer = answerQuery(pending.subarray(2, end), "tcp");
      pending = pending.subarray(end);
      if (answer === undefined) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    }
  });
}

async function servePage(address: string): Promise<void> {
  const server = createHttpServer((request, response) => {
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end(formatPage(request.socket.remoteAddress ?? "nowhere"));
  });
  server.listen(HTTP_PORT, address);
  await once(server, "listening");
}
