/**
 * Owns names: what containers are called on a bridge, who answers for the rest, and the wire format between. The resolver itself is
 * the process netd-dns (main.ts); netd talks to it through {@link DnsClient}. Never reads netd's state and never touches the kernel
 * beyond its sockets.
 *
 * @module
 */
export * from "./client.ts";
export * from "./protocol.ts";
export * from "./static-server.ts";
