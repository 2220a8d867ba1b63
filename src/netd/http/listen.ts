/**
 * The API's unix socket.
 *
 * @module
 */
import { chmodSync, chownSync, readFileSync, rmSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { NetdError } from "../../errors.ts";
import type { DaemonOptions } from "../options.ts";

/** Who may use the socket: root and its group. */
const SOCKET_MODE = 0o660;

/** Listen on the socket; one that a dead netd left is replaced, since the lock says that no other lives. */
export async function listenOnSocket(server: FastifyInstance, options: DaemonOptions): Promise<void> {
  const { socket, socketGroup } = options;
  const gid = socketGroup === undefined ? undefined : findGroup(socketGroup);
  rmSync(socket, { force: true });
  // Nobody may connect before the mode is set.
  const before = process.umask(0o177);
  try {
    await server.listen({ path: socket });
  } finally {
    process.umask(before);
  }
  if (gid !== undefined) chownSync(socket, 0, gid);
  chmodSync(socket, SOCKET_MODE);
}

function findGroup(name: string): number {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const gid = Number(line?.split(":")[2] ?? Number.NaN);
  if (Number.isInteger(gid)) return gid;
  throw new NetdError("USER_UNKNOWN", `Cannot give the socket to group '${name}': /etc/group has none of that name`, {
    remedy: `Make it with 'groupadd ${name}'`,
  });
}
