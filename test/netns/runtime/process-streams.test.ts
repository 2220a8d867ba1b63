import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { makePipe } from "../../../src/kernel/process/index.ts";
import { ProcessStreams } from "../../../src/runtime/process-streams.ts";
import { FrameParser } from "../../../src/stream/index.ts";
import { TemporaryDirectory } from "../../unit/netd/temporary-directory.ts";

/** More than the pipe, the sockets and what waits for a client hold together. */
const OUTPUT_BYTES = 8 << 20;
const PATIENCE_MS = 50;

/** Two ends of a connection; `client` reads nothing yet. */
async function connectPair(): Promise<{ client: Socket; peer: { socket: Socket; rest: Buffer } }> {
  using directory = new TemporaryDirectory();
  const server = createServer({ pauseOnConnect: true }).listen(directory.file("socket"));
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const client = createConnection(directory.file("socket"));
  const [socket] = await accepted;
  server.close();
  return { client, peer: { socket, rest: Buffer.alloc(0) } };
}

/** Streams of a process that writes {@link OUTPUT_BYTES} and ends. */
function startWriter(): { streams: ProcessStreams; ended: Promise<unknown>; recorded: () => number } {
  const { read, write } = makePipe();
  let recorded = 0;
  const streams = new ProcessStreams({
    stdoutFd: read,
    patienceMs: PATIENCE_MS,
    record: (_stream, bytes) => {
      recorded += bytes.length;
    },
  });
  const writer = spawn("head", ["-c", String(OUTPUT_BYTES), "/dev/zero"], { stdio: ["ignore", write, "inherit"] });
  closeSync(write);
  return { streams, ended: once(writer, "exit"), recorded: () => recorded };
}

/** Read to the end: how many bytes of output there were, and the frame behind them. */
async function readAll(client: Socket): Promise<{ bytes: number; last: unknown }> {
  const parser = new FrameParser();
  let bytes = 0;
  let last: unknown;
  for await (const part of client) {
    for (const { kind, payload } of parser.push(part as Buffer)) {
      if (kind === "stdout") bytes += payload.length;
      else last = { kind, ...(JSON.parse(payload.toString()) as object) };
    }
  }
  return { bytes, last };
}

test("ProcessStreams send a client away that joined later and takes nothing, and say why; the process goes on", async () => {
  const { client, peer } = await connectPair();
  const { streams, ended, recorded } = startWriter();
  streams.attach(peer);
  await ended;
  streams.finish(0);
  expect(recorded()).toBe(OUTPUT_BYTES);
  const { bytes, last } = await readAll(client);
  expect(bytes).toBeLessThan(OUTPUT_BYTES);
  expect(last).toMatchObject({ kind: "error", code: "CLIENT_STALLED" });
});

test("ProcessStreams wait for the client that the process was started for, and lose nothing", async () => {
  const [starter, later] = [await connectPair(), await connectPair()];
  const { streams, ended } = startWriter();
  streams.attach(starter.peer, { isStarter: true });
  streams.attach(later.peer);
  // The same silence that one is sent away for, the other may keep.
  await vi.waitFor(() => expect(later.peer.socket.writableEnded).toBe(true), 20_000);
  const reading = readAll(starter.client);
  await ended;
  streams.finish(3);
  expect(await reading).toEqual({ bytes: OUTPUT_BYTES, last: { kind: "exit", exitCode: 3 } });
  expect((await readAll(later.client)).last).toMatchObject({ code: "CLIENT_STALLED" });
});
