/**
 * A name server to forward to: answers every A question with one address, over UDP and TCP; names that begin with
 * `big` get a hundred answers, with `forged` first come lies. With the answer `silent` nothing comes.
 *
 * Usage: upstream ADDRESS ANSWER
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { type Answer, decode, encode } from "dns-packet";

const [address = "", answer = ""] = process.argv.slice(2);

function replyTo(query: Buffer, isTcp: boolean, data = answer): Buffer {
  const { id = 0, questions = [] } = decode(query);
  const name = questions[0]?.name ?? "";
  const isCut = name.startsWith("big") && !isTcp;
  const count = isCut ? 0 : name.startsWith("big") ? 100 : 1;
  const answers = Array.from({ length: count }, (): Answer => ({ type: "A", name, ttl: 30, data }));
  return encode({ type: "response", id, flags: isCut ? 0x0380 : 0x0180, questions, answers });
}

const udp = createSocket("udp4");
const liar = createSocket("udp4");
udp.on("message", (query, { port, address: client }) => {
  const name = decode(query).questions?.[0]?.name ?? "";
  if (answer === "silent") return;
  if (name.startsWith("forged")) {
    const lie = replyTo(query, false, "6.6.6.6");
    liar.send(lie, port, client); // from another port
    const wrongId = Buffer.from(lie);
    wrongId.writeUInt16BE(lie.readUInt16BE(0) ^ 1, 0);
    udp.send(wrongId, port, client);
    const wrongQuestion = Buffer.from(lie);
    wrongQuestion.write("x", 13);
    udp.send(wrongQuestion, port, client);
  }
  udp.send(replyTo(query, false), port, client);
});
const tcp = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    const reply = replyTo(bytes.subarray(2), true);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(reply.length);
    socket.end(Buffer.concat([length, reply]));
  });
});
udp.bind(53, address, () => tcp.listen(53, address, () => process.stdout.write("ready\n")));
