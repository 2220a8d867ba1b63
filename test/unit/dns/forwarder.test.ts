import { expect, test } from "vitest";
import { Forwarder } from "../../../src/dns/forwarder.ts";
import { formatQuery } from "../../support/dns-message.ts";

const query = formatQuery("example.net", "A");

/** Upstreams by address: what each replies with; `undefined` fails, and every question is noted. */
function upstreams(replies: Record<string, Buffer | Promise<Buffer> | undefined>) {
  const asked: string[] = [];
  const exchange = async (_query: Buffer, { server }: { server: string }): Promise<Buffer> => {
    asked.push(server);
    const reply = replies[server];
    if (reply === undefined) throw new Error("unreachable");
    return reply;
  };
  return { asked, exchange };
}

function reply(rcode: number): Buffer {
  const bytes = Buffer.from(query);
  bytes[2]! |= 0x80;
  bytes[3] = rcode;
  return bytes;
}

const rcodeOf = (bytes: Buffer) => bytes[3]! & 0x0f;

test("Forwarder.forward goes on after a dead upstream, a SERVFAIL and a REFUSED, and begins with who knew next time", async () => {
  const { asked, exchange } = upstreams({ "10.0.0.2": reply(2), "10.0.0.3": reply(5), "10.0.0.4": reply(3) });
  const forwarder = new Forwarder({ exchange });
  const servers = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
  expect(rcodeOf(await forwarder.forward(query, servers, "c"))).toBe(3);
  expect(asked).toEqual(servers);
  await forwarder.forward(query, servers, "c");
  expect(asked.slice(4)).toEqual(["10.0.0.4"]);
});

test("Forwarder.forward gives what a failing upstream said when no other knows, and SERVFAIL when none answers", async () => {
  const { exchange } = upstreams({ "10.0.0.2": reply(5) });
  const forwarder = new Forwarder({ exchange });
  expect(rcodeOf(await forwarder.forward(query, ["10.0.0.1", "10.0.0.2"], "c"))).toBe(5);
  const failure = await forwarder.forward(query, [], "c");
  expect([failure.readUInt16BE(0), rcodeOf(failure)]).toEqual([0x1234, 2]);
});

test("Forwarder.forward refuses a client's questions beyond its share, and everybody's beyond the limit, until some end", async () => {
  let release: (reply: Buffer) => void = () => {};
  const held = new Promise<Buffer>((resolve) => {
    release = resolve;
  });
  const { asked, exchange } = upstreams({ slow: held });
  const forwarder = new Forwarder({ exchange, maxInFlight: 3, maxInFlightPerClient: 2 });
  const forward = (client: string) => forwarder.forward(query, ["slow"], client);
  const waiting = [forward("a"), forward("a")];
  expect(rcodeOf(await forward("a"))).toBe(2);
  waiting.push(forward("b"));
  expect(rcodeOf(await forward("c"))).toBe(2);
  expect(asked).toHaveLength(3);
  release(reply(0));
  expect((await Promise.all(waiting)).map(rcodeOf)).toEqual([0, 0, 0]);
  expect(rcodeOf(await forward("a"))).toBe(0);
});
