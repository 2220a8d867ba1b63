import { describe, expect, test } from "vitest";
import { findListener, listListeners, withNetns } from "../../../../src/kernel/index.ts";
import { LiveProgram } from "../../../support/live-program.ts";
import { TestNetns } from "../../../support/netns.ts";

/** Prints `ready` once it listens on all of its arguments: `tcp ADDRESS PORT` and so on, as JSON. */
const LISTENER = `
  const sockets = JSON.parse(process.argv[1]);
  let waiting = sockets.length;
  const ready = () => { if (--waiting === 0) console.log("ready"); };
  for (const { protocol, host, port, ipv6Only } of sockets) {
    if (protocol === "tcp") require("node:net").createServer().listen({ host, port, ipv6Only }, ready);
    else require("node:dgram").createSocket({ type: host.includes(":") ? "udp6" : "udp4", ipv6Only }).bind(port, host, ready);
  }
`;

interface Listening {
  protocol: "tcp" | "udp";
  host: string;
  port: number;
  ipv6Only?: boolean;
}

async function listen(netns: TestNetns, sockets: Listening[]): Promise<LiveProgram> {
  const program = LiveProgram.start([process.execPath, "-e", LISTENER, JSON.stringify(sockets)], {
    env: { PATH: process.env["PATH"] },
    enter: ["nsenter", `--net=${netns.path}`],
  });
  await program.see(/ready/);
  return program;
}

describe("findListener", () => {
  test("findListener names the process that listens where a port is wanted, and only there", async () => {
    await using netns = TestNetns.create();
    netns.run("ip", "link", "set", "lo", "up");
    await using program = await listen(netns, [
      { protocol: "tcp", host: "127.0.0.1", port: 8080 },
      { protocol: "tcp", host: "::", port: 8081 },
      { protocol: "tcp", host: "::", port: 8082, ipv6Only: true },
      { protocol: "tcp", host: "::1", port: 8083 },
      { protocol: "udp", host: "0.0.0.0", port: 8084 },
      { protocol: "udp", host: "::", port: 8085 },
    ]);
    const find = (protocol: "tcp" | "udp" | "sctp", address: string, port: number, count?: number) =>
      withNetns(netns.name, () => findListener({ protocol, address, port, count }));
    const owner = { pid: program.process.pid, name: expect.stringMatching(/node|MainThread/) };

    expect(find("tcp", "127.0.0.1", 8080)).toMatchObject({ address: "127.0.0.1", port: 8080, owner });
    expect(find("tcp", "0.0.0.0", 8080)).toMatchObject({ port: 8080 });
    expect(find("tcp", "127.0.0.2", 8080)).toBeUndefined();
    expect(find("tcp", "::", 8080)).toBeUndefined();
    expect(find("udp", "127.0.0.1", 8080)).toBeUndefined();
    expect(find("sctp", "127.0.0.1", 8080)).toBeUndefined();

    expect(find("tcp", "127.0.0.1", 8081)).toMatchObject({ family: "inet6", address: "::" });
    expect(find("tcp", "::1", 8081)).toMatchObject({ family: "inet6", address: "::" });
    expect(find("tcp", "0.0.0.0", 8082)).toBeUndefined();
    expect(find("tcp", "::1", 8082)).toMatchObject({ isV6Only: true });
    expect(find("tcp", "2001:db8::1", 8083)).toBeUndefined();
    expect(find("tcp", "::", 8083)).toMatchObject({ address: "::1" });

    expect(find("udp", "192.0.2.1", 8084)).toMatchObject({ owner });
    expect(find("udp", "192.0.2.1", 8085)).toMatchObject({ family: "inet6" });
    expect(find("tcp", "0.0.0.0", 8000, 80)).toBeUndefined();
    expect(find("tcp", "0.0.0.0", 8000, 81)).toMatchObject({ port: 8080 });
  });

  test("findListener passes over connections, which have a port and do not listen", async () => {
    await using netns = TestNetns.create();
    netns.run("ip", "link", "set", "lo", "up");
    await using _program = await listen(netns, [{ protocol: "tcp", host: "127.0.0.1", port: 8080 }]);
    const connect = `
      const socket = require("node:net").connect({ port: 8080, host: "127.0.0.1", localPort: 9090 }, () => {
        const udp = require("node:dgram").createSocket("udp4");
        udp.bind(9091, () => udp.connect(9, "127.0.0.1", () => console.log("ready")));
      });`;
    await using client = LiveProgram.start([process.execPath, "-e", connect], {
      env: { PATH: process.env["PATH"] },
      enter: ["nsenter", `--net=${netns.path}`],
    });
    await client.see(/ready/);
    withNetns(netns.name, () => {
      expect(findListener({ protocol: "tcp", address: "127.0.0.1", port: 9090 })).toBeUndefined();
      expect(findListener({ protocol: "udp", address: "127.0.0.1", port: 9091 })).toBeUndefined();
      expect(listListeners({ protocol: "tcp" }).map(({ port }) => port)).toEqual([8080]);
    });
  });

  test("findListener agrees with ss on many sockets", async () => {
    await using netns = TestNetns.create();
    netns.run("ip", "link", "set", "lo", "up");
    const sockets = Array.from({ length: 1000 }, (_, n) => ({
      ...{ protocol: n % 2 === 0 ? ("tcp" as const) : ("udp" as const), port: 10_000 + n },
      host: n % 3 === 0 ? "127.0.0.1" : "::",
    }));
    await using _program = await listen(netns, sockets);
    for (const protocol of ["tcp", "udp"] as const) {
      const told = netns.run("ss", "-Hln", `--${protocol}`).trim().split("\n");
      const ports = told.map((line) => Number(/:(\d+)\s/.exec(line)?.[1])).sort();
      const listed = withNetns(netns.name, () => listListeners({ protocol }));
      expect(listed.map(({ port }) => port).sort()).toEqual(ports);
      expect(listed).toHaveLength(500);
    }
  });
});
